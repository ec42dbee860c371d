// node kit.mjs --film PATH     (needs `npm run build` in clients/web, and ffmpeg)
//
// The player kit (clients/web) in Chromium, with hls.js, Shaka and the browser's own player, against a small server in the
// place of the API: a key that is refused once, for good, by a withdrawal, or that is not available for a second; and a film
// that outlives the first URLs of its view, which is refreshed when it is refused, or ahead of time. Prints what was seen as
// JSON.

import { execFileSync } from "node:child_process";
import { createCipheriv, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { report, withPage } from "./browser.mjs";

const { values } = parseArgs({ options: { film: { type: "string" } } });
const ASSET = "ast_geytcmjrgeytcmjrgeytcmjrge";
const PLAYBACK = "plb_geytcmjrgeytcmjrgeytcmjrge";
const REFRESH = "/v1/playback/rvv_1.r/refresh";
const query = (ticket) => `?Policy=P${ticket}&Signature=S${ticket}&Key-Pair-Id=K`;
const SEGMENTS = 10;
/** The first segment whose key is refused; hls.js and Shaka ask for it while the first ones play. */
const REFUSED = 4;
const here = (path) => new URL(path, import.meta.url);
const FILES = {
  "/hls.js": here("node_modules/hls.js/dist/hls.min.js"),
  "/shaka.js": here("node_modules/shaka-player/dist/shaka-player.compiled.js"),
};
const PAGE = `<!doctype html><meta charset="utf-8"><video id="video" muted width="320"></video>
<script src="/hls.js"></script><script src="/shaka.js"></script>`;

const keys = Array.from({ length: SEGMENTS }, () => randomBytes(16));
const segments = cut(values.film);
const sums = { views: 0, refused: 0, busy: 0, refreshed: 0, names: new Set() };
const none = () => ({ views: 0, refused: 0, busy: 0, refreshed: 0, names: new Set() });

/** What the server does with a view, or with the key `REFUSED` and later ones of it. */
const CASES = {
  over: { view: () => 201, key: (view) => (view === 1 ? 401 : 200) },
  revoked: { view: () => 201, key: () => 401 },
  withdrawn: { view: (view) => (view === 1 ? 201 : 403), key: () => 403 },
  busy: { view: () => 201, key: () => (sums.busy++ === 0 ? 503 : 200) },
  // What the URLs of before say is over at `REFUSED`, or as soon as there are others.
  outlived: { view: () => 201, refreshIn: 1800, over: (ticket, at) => ticket === 1 && at >= REFUSED },
  ahead: { view: () => 201, refreshIn: 5, over: (ticket) => ticket <= sums.refreshed },
};
let rules = CASES.over;

await report(() => withPage(run));

async function run(page) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const api = `http://127.0.0.1:${server.address().port}`;
  const seen = { ok: true, cells: [] };
  try {
    for (const player of ["hls", "shaka", "native"]) {
      for (const name of Object.keys(CASES)) {
        rules = CASES[name];
        Object.assign(sums, none());
        await page.goto(`${api}/page`);
        const told = await page.evaluate(play, { api, asset: ASSET, player, ends: name === "revoked" || name === "withdrawn" });
        const cell = { player, case: name, ...told, views: sums.views, names: sums.names.size, refused: sums.refused, refreshed: sums.refreshed };
        seen.cells.push({ ...cell, ok: fits(cell) });
      }
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
  seen.ok = seen.cells.every(({ ok }) => ok);
  return seen;
}

function fits({ player, case: name, error, end, back, skipped, volume, views, names, refused, refreshed, players }) {
  // What the browser's own player is told, it does not tell: a 503 is to it as a refusal.
  const most = name === "busy" && player !== "native" ? 1 : 2;
  if (views > most || names !== views || back > 0.5 || skipped > 1.5 || volume !== 0.5) return false;
  if (CASES[name].over) {
    // The browser's own player asks by the URLs that it has until they are refused, and then for others.
    const unnoticed = player === "native" || (players === 1 && (name === "outlived" || refused === 0));
    return error === null && end >= 12 && views === 1 && refreshed >= 1 && unnoticed;
  }
  if (name === "revoked") return error === "refused_again" && views === 2;
  if (name === "withdrawn") return error === "asset_withdrawn" && views === 2;
  return error === null && end >= 12 && (name === "busy" || views === 2);
}

/** In the page: plays for twelve seconds of film, or until it is told why not. */
async function play({ api, asset, player, ends }) {
  const kit = await import("/kit/index.js");
  const video = document.getElementById("video");
  video.volume = 0.5;
  const seen = { error: null, states: [], end: 0, back: 0, skipped: 0, at: null, players: 0 };
  let done;
  const over = new Promise((resolve) => (done = resolve));
  const options = {
    api,
    asset,
    getMediaToken: () => `rvm_${"a".repeat(43)}`,
    maxBufferLength: 6,
    onState(state) {
      seen.states.push(state);
      if (state === "renewing") seen.at = video.currentTime;
    },
    onPlayer: () => seen.players++,
    onError: (error) => {
      seen.error = error.code;
      done();
    },
  };
  // Where the picture is: a player that begins again from the front would be seen to go back, one that is sent too far to skip.
  video.addEventListener("timeupdate", () => {
    if (!video.readyState || video.seeking) return;
    seen.back = Math.max(seen.back, seen.end - video.currentTime);
    seen.skipped = Math.max(seen.skipped, video.currentTime - seen.end);
    seen.end = Math.max(seen.end, video.currentTime);
    if (!ends && seen.end >= 12) done();
  });
  let controller;
  if (player === "shaka") {
    const shaka = new window.shaka.Player();
    shaka.addEventListener("loading", () => seen.players++);
    await shaka.attach(video);
    controller = kit.attachShaka(shaka, options);
  } else {
    controller = player === "hls" ? kit.attachHls(window.Hls, video, options) : kit.attachNative(video, options);
  }
  video.play().catch(() => {});
  const timer = setTimeout(done, 30_000);
  await over;
  clearTimeout(timer);
  controller.destroy();
  return { ...seen, volume: video.volume };
}

/** Ten transport streams of two seconds, each under a key of its own. */
function cut(film) {
  const folder = mkdtempSync(join(tmpdir(), "kit-"));
  try {
    const picture = ["-t", "20", "-vf", "scale=320:-2", "-r", "24", "-c:v", "libx264", "-preset", "ultrafast"];
    const keyed = ["-force_key_frames", "expr:gte(t,n_forced*2)", "-c:a", "aac", "-ac", "2"];
    const hls = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_segment_filename", join(folder, "%02d.ts")];
    execFileSync("ffmpeg", ["-v", "error", "-stream_loop", "-1", "-i", film, ...picture, ...keyed, ...hls, join(folder, "m.m3u8")]);
    const names = readdirSync(folder).filter((name) => name.endsWith(".ts")).sort().slice(0, SEGMENTS);
    return names.map((name, at) => {
      const cipher = createCipheriv("aes-128-cbc", keys[at], Buffer.alloc(16));
      return Buffer.concat([cipher.update(readFileSync(join(folder, name))), cipher.final()]);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function answer(request, reply) {
  const { pathname: path, searchParams: asked } = new URL(request.url, "http://localhost");
  const send = (status, type, body, headers) => reply.writeHead(status, { "content-type": type, ...headers }).end(body);
  const refuse = (status, code) => send(status, "application/problem+json", JSON.stringify({ status, code }), { "retry-after": "1" });
  const [, front, view, at] = path.split("/");
  if (path === "/page") return send(200, "text/html", PAGE);
  if (FILES[path]) return send(200, "text/javascript", readFileSync(FILES[path]));
  if (/^\/kit\/[a-z]+\.js$/.test(path)) return send(200, "text/javascript", readFileSync(here(`../../clients/web/dist/${view}`)));
  if (path === `/v1/assets/${ASSET}/playback`) {
    sums.names.add(request.headers["idempotency-key"]);
    if (rules.view(++sums.views) !== 201) return refuse(403, "asset_withdrawn");
    const playlist_url = `http://${request.headers.host}/view/${sums.views}/video.m3u8`;
    const told = { playback_id: PLAYBACK, asset_id: ASSET, mode: "urls", playlist_url, expires_at: 1_795_305_600 };
    return send(201, "application/json", JSON.stringify(rules.over ? refreshable(request) : told));
  }
  if (path === REFRESH) {
    sums.refreshed++;
    return send(200, "application/json", JSON.stringify(refreshable(request)));
  }
  if (rules.over && path.startsWith("/v1/playback/")) {
    const ticket = Number(path.split("/")[3].slice(1));
    return rules.over(ticket, 0) ? send(401, "text/plain", "") : send(200, "application/vnd.apple.mpegurl", playlist(ticket, query));
  }
  if (rules.over && (front === "segment" || front === "key")) {
    const [ticket, of] = front === "key" ? [asked.get("token"), at] : [asked.get("Policy"), view];
    if (rules.over(Number(ticket?.slice(1)), Number(of))) {
      sums.refused++;
      return front === "key" ? refuse(401, "invalid_token") : send(403, "text/plain", "");
    }
  }
  if (front === "view") return send(200, "application/vnd.apple.mpegurl", playlist(view));
  if (front === "segment") return send(200, "video/mp2t", segments[view]);
  if (front !== "key") return send(404, "text/plain", "");
  const status = at < REFUSED || !rules.key ? 200 : rules.key(Number(view));
  if (status === 200) return send(200, "application/octet-stream", keys[at]);
  sums.refused++;
  return refuse(status, status === 503 ? "unavailable" : status === 403 ? "asset_withdrawn" : "invalid_token");
}

/** The view as it is after so many refreshes: another ticket, another signature. */
function refreshable({ headers: { host } }) {
  const ticket = sums.refreshed + 1;
  return {
    playback_id: PLAYBACK,
    asset_id: ASSET,
    mode: "urls",
    playlist_url: `http://${host}/v1/playback/t${ticket}/video.m3u8`,
    expires_at: 1_795_305_600 + sums.refreshed,
    refresh_url: `http://${host}${REFRESH}`,
    refresh_in: sums.refreshed === 0 ? rules.refreshIn : 1800,
    segment_query: query(ticket).slice(1),
  };
}

function playlist(view, signed = () => "") {
  const iv = "0".repeat(32);
  const lines = segments.map((_, at) => `#EXT-X-KEY:METHOD=AES-128,URI="/key/${view}/${at}?token=t${view}",IV=0x${iv}\n#EXTINF:2,\n/segment/${at}${signed(view)}`);
  return ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD", ...lines, "#EXT-X-ENDLIST", ""].join("\n");
}
