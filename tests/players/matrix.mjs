// node matrix.mjs --page URL < plan.json
//
// Plays one film in every mode of delivery with every player that the plan names, in headless Chromium on the origin of
// `--page`, and with ffmpeg. The plan: {"players": […], "modes": {mode: {playlist, cookies_url?, cookies?, foreign}}}, where
// `foreign` is a playlist URL whose credentials are of no use. Prints {"ok": true, "rows": [{player, mode, start, seek, rotation,
// refusal}]} as JSON; a cell is true, or says what was seen instead.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { report, withPage } from "./browser.mjs";

const require = createRequire(import.meta.url);
const { values } = parseArgs({ options: { page: { type: "string" } } });
const SCRIPTS = {
  "hls.js": "hls.js/dist/hls.min.js",
  shaka: "shaka-player/dist/shaka-player.compiled.js",
  vhs: "video.js/dist/video.min.js",
};
/** A cell that takes longer than this failed. */
const CELL_MS = 20_000;

await report(async () => {
  const plan = JSON.parse(await readFile("/dev/stdin", "utf8"));
  const rows = [];
  for (const player of plan.players) {
    for (const [mode, view] of Object.entries(plan.modes)) {
      const cells = player === "ffmpeg" ? await byFfmpeg(view) : await withPage((page) => inBrowser(page, player, view));
      rows.push({ player, mode, ...cells });
    }
  }
  return { ok: true, rows };
});

async function inBrowser(page, player, view) {
  const keys = new Set();
  const refused = new Set();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (response.status() === 200 && pathname.includes("/keys/")) keys.add(pathname);
    if ([401, 403].includes(response.status())) refused.add(response.status());
  });
  // A page of our own at the page's origin, without its content security policy: players of others want more than ours.
  const at = (name) => new URL(`/players/${name}`, values.page).href;
  const script = SCRIPTS[player];
  await page.route(at("*"), async (route) => {
    if (!route.request().url().endsWith(".js")) {
      const tag = script ? `<script src="${at("player.js")}"></script>` : "";
      return route.fulfill({ contentType: "text/html", body: `<!doctype html>${tag}<video muted playsinline></video>` });
    }
    const path = require.resolve(script);
    return route.fulfill({ contentType: "text/javascript", body: await readFile(path, "utf8") });
  });
  const cells = {};
  await page.goto(at("page.html"));
  const play = await readFile(new URL("./cell.js", import.meta.url), "utf8");
  const cell = (wish) => page.evaluate(`(() => { ${play}; return cell(${JSON.stringify({ ...wish, player, deadlineMs: CELL_MS })}); })()`);
  // Before any cookie is there.
  const foreign = await cell({ playlist: view.foreign, credentials: Boolean(view.cookies_url) });
  cells.refusal = foreign.error && refused.size > 0 ? true : `${foreign.error ?? "no error"}, statuses ${[...refused]}`;
  await page.goto(at("page.html"));
  keys.clear();
  const seen = await cell({ playlist: view.playlist, cookiesUrl: view.cookies_url, credentials: Boolean(view.cookies_url) });
  const fault = seen.error ?? "it did not";
  cells.start = seen.started || fault;
  cells.seek = seen.sought || fault;
  cells.rotation = keys.size > 1 || `${keys.size} keys; ${fault}`;
  return cells;
}

/** ffmpeg decodes the whole film, and from near its end; it has no seek bar. */
async function byFfmpeg(view) {
  // Its own jar keeps one cookie of a name, whatever the path; the ticket is there for two.
  const jar = new Set((view.cookies ?? []).map(({ name, value }) => `${name}=${value}`));
  const cookies = jar.size ? ["-headers", `Cookie: ${[...jar].join("; ")}\r\n`] : [];
  const whole = await ffmpeg([...cookies, "-i", view.playlist]);
  const end = await ffmpeg(["-ss", "50", ...cookies, "-i", view.playlist]);
  const foreign = await ffmpeg(["-i", view.foreign]);
  const told = (run) => (run.status === 0 && !/Server returned|HTTP error|Unable to open/.test(run.told)) || run.told || `status ${run.status}`;
  return {
    start: told(whole),
    seek: told(end),
    rotation: told(whole),
    refusal: (foreign.status !== 0 && /40[13]/.test(foreign.told)) || foreign.told || "no error",
  };
}

function ffmpeg(input) {
  return new Promise((resolve) => {
    const child = spawn("ffmpeg", ["-nostdin", "-v", "error", ...input, "-f", "null", "-"], { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (part) => (text += part));
    child.on("close", (status) => resolve({ status, told: text.trim().split("\n").at(0)?.replace(/http:\S+/g, "URL").slice(0, 160) ?? "" }));
  });
}
