// A view that outlives its first URLs: the picture goes on.

import assert from "node:assert/strict";
import test from "node:test";
import { attachHls, attachNative, attachShaka, refreshView } from "../dist/index.js";
import { API, FakeApi, FakeClock, fakeHls, FakeShaka, FakeVideo, json, MEDIA, options, PLAYBACK, problem, settled, shakaRefusal, view } from "./fakes.js";

const REFRESH = `${API}/v1/playback/rvv_1.r/refresh`;
const query = (n) => `Policy=P${n}~-_&Signature=S${n}&Key-Pair-Id=K&Hash-Algorithm=SHA256`;
const playlists = {
  urls: (n) => `${API}/v1/playback/1.t${n}/master.m3u8`,
  cookies: () => `${MEDIA}/media/a/p/master.m3u8`,
  query: (n) => `${MEDIA}/media/a/p/query/master.m3u8?${query(n)}&kid=K&token=1.t${n}`,
  path: (n) => `${MEDIA}/p/1.${n}.x.tag${n}.1.t${n}/media/a/p/master.m3u8`,
};
/** The view as it is after so many refreshes; `seconds` until the next does something. */
const told = (mode, n, seconds = 1800) => ({
  ...view(mode),
  playlist_url: playlists[mode](n),
  expires_at: 1_795_305_600 + n * 1800,
  refresh_url: REFRESH,
  refresh_in: seconds,
  ...(mode === "urls" && { segment_query: query(n) }),
});
const opened = (mode, n) => json(201, told(mode, n));
const longer = (mode, n) => json(200, told(mode, n));

async function hls(mode, ...replies) {
  const Hls = fakeHls();
  const video = new FakeVideo();
  const api = new FakeApi(...replies);
  const made = options(api, { mode });
  const controller = attachHls(Hls, video, made.options);
  await settled();
  video.begin();
  const asked = (url) => {
    const xhr = { opened: undefined, open: (_method, now) => (xhr.opened = now) };
    Hls.made.at(-1).config.xhrSetup(xhr, url);
    return xhr.opened ?? url;
  };
  return { api, Hls, video, controller, asked, ...made, now: () => Hls.made.at(-1) };
}

const refreshes = (api) => api.requests.filter(({ url }) => url.endsWith("/refresh")).length;
const ready = ["opening", "ready"];

/** What a player asks for that loaded its playlists before the first refresh. */
const urls = {
  urls: (n) => [
    `${API}/v1/playback/1.t${n}/video.m3u8`,
    `${API}/v1/keys/a/k1?token=1.t${n}`,
    `${MEDIA}/media/a/p/1.ts?${query(n)}`,
  ],
  query: (n) => [
    `${MEDIA}/media/a/p/query/video.m3u8?${query(n)}&kid=K&token=1.t${n}`,
    `${MEDIA}/keys/a/k1?token=1.t${n}`,
    `${MEDIA}/media/a/p/1.ts?${query(n)}`,
  ],
  path: (n) => [`${MEDIA}/p/1.${n}.x.tag${n}.1.t${n}/media/a/p/video.m3u8`, `${MEDIA}/p/1.${n}.x.tag${n}.1.t${n}/keys/a/k1`],
  cookies: () => [`${MEDIA}/media/a/p/video.m3u8`, `${MEDIA}/keys/a/k1`, `${MEDIA}/media/a/p/1.ts`],
};

for (const mode of ["urls", "query", "path", "cookies"]) {
  test(`in the mode ${mode} what was listed before a refresh is asked for as it is now, by the same player`, async () => {
    const kept = () => json(200, { playback_id: PLAYBACK, expires_at: 1 });
    const cookies = mode === "cookies" ? [kept()] : [];
    const play = await hls(mode, opened(mode, 1), ...cookies, longer(mode, 2), ...cookies.map(kept), longer(mode, 3), ...cookies.map(kept));
    await play.video.play();
    assert.deepEqual(urls[mode](1).map(play.asked), urls[mode](1));
    for (const n of [2, 3]) {
      await play.clock.go();
      await settled();
      assert.equal(refreshes(play.api), n - 1);
      for (const before of [1, n - 1, n]) assert.deepEqual(urls[mode](before).map(play.asked), urls[mode](n));
    }
    const wishes = play.api.requests.filter(({ url }) => url.endsWith("/cookies")).length;
    assert.equal(wishes, mode === "cookies" ? 3 : 0);
    assert.deepEqual([play.Hls.made.length, play.api.views, play.told.wishes.length], [1, 1, 1]);
    assert.deepEqual(play.told.states, ready, "nobody notices");
  });
}

test("a URL that does not carry what the view carried before gets nothing of it", async () => {
  const play = await hls("urls", opened("urls", 1), longer("urls", 2));
  await play.video.play();
  await play.clock.go();
  for (const url of [
    "https://evil.example/1.ts?Policy=other&Signature=other",
    "https://evil.example/?token=other&t=1",
    "https://evil.example/Policy=P1~-_/S1",
    `${MEDIA}/media/a/p/1.ts`,
  ]) assert.equal(play.asked(url), url);
});

test("what is asked for says no more than the mode and the device, and goes to the API alone", async () => {
  const play = await hls("urls", opened("urls", 1), longer("urls", 2));
  await play.video.play();
  await play.clock.go();
  const { url, method, body, credentials, headers } = play.api.requests.at(-1);
  assert.deepEqual([url, method, body, credentials], [REFRESH, "POST", { mode: "urls" }, "omit"]);
  assert.equal(headers.authorization, undefined);
  for (const refresh_url of ["https://evil.example/v1/playback/r/refresh", 7, null]) {
    const bad = await hls("urls", json(201, { ...told("urls", 1), refresh_url }));
    assert.equal(bad.told.errors[0].code, "unexpected_reply");
  }
});

test("who pauses refreshes nothing, and goes on after hours by the same player", async () => {
  const play = await hls("urls", opened("urls", 1), longer("urls", 2));
  play.clock.time += 5 * 3600 * 1000;
  await play.clock.go();
  assert.equal(refreshes(play.api), 0);
  await play.video.play();
  await settled();
  assert.equal(refreshes(play.api), 1);
  assert.deepEqual(urls.urls(1).map(play.asked), urls.urls(2));
  assert.deepEqual([play.Hls.made.length, play.api.views], [1, 1]);
});

test("the first refusal refreshes the view, and the same player goes on where it was", async () => {
  const play = await hls("urls", opened("urls", 1), longer("urls", 2));
  play.video.currentTime = 1234.5;
  play.now().refuse(401);
  play.now().refuse(403);
  await settled();
  assert.deepEqual([refreshes(play.api), play.api.views, play.Hls.made.length], [1, 1, 1]);
  assert.deepEqual(play.now().calls, [["stopLoad"], ["startLoad", 1234.5]]);
  assert.deepEqual(urls.urls(1).map(play.asked), urls.urls(2));
  assert.deepEqual(play.told.states, [...ready, "renewing", "ready"]);
});

test("a view that was refused though it lasts, or cannot be refreshed, is followed by another", async () => {
  for (const reply of [longer("urls", 1), problem(401, "invalid_token"), problem(403, "forbidden"), new Error("down")]) {
    const again = reply instanceof Error || reply.status >= 500 ? [reply] : [];
    const play = await hls("urls", opened("urls", 1), reply, ...again);
    play.now().refuse(403);
    await settled();
    if (again.length) await play.clock.go();
    assert.deepEqual([play.api.views, play.Hls.made.length], [2, 2]);
    assert.deepEqual(play.told.wishes.map(({ renewal }) => renewal), [false, true]);
  }
});

test("a refreshed view that is refused at once stops", async () => {
  const play = await hls("urls", opened("urls", 1), longer("urls", 2));
  play.now().refuse(401);
  await settled();
  play.now().refuse(401);
  await settled();
  assert.deepEqual([play.controller.state, play.told.errors[0].code], ["stopped", "refused_again"]);
});

test("a refresh ahead of time that fails disturbs nobody, and is tried again in a minute", async () => {
  const down = () => problem(503, "unavailable", { "retry-after": "1" });
  const play = await hls("urls", opened("urls", 1), down(), down(), longer("urls", 2));
  await play.video.play();
  await play.clock.go(); // it is time
  await play.clock.go(); // Retry-After
  assert.equal(play.clock.waits.at(-1).milliseconds, 60_000);
  assert.deepEqual(play.told.states, ready);
  await play.clock.go();
  assert.deepEqual(urls.urls(1).map(play.asked), urls.urls(2));
});

test("a service that says `now` each time is asked every five seconds at most", async () => {
  const play = await hls("urls", json(201, told("urls", 1, 0)));
  assert.equal(play.clock.waits.at(-1).milliseconds, 5_000);
});

test("Shaka asks by what the view carries now, and goes on after a refusal", async () => {
  const video = new FakeVideo();
  const player = new FakeShaka(video);
  const api = new FakeApi(opened("query", 1), longer("query", 2));
  attachShaka(player, options(api, { mode: "query" }).options);
  await settled();
  await player.begin();
  player.tell(shakaRefusal(403));
  await settled();
  assert.deepEqual([player.retries, player.loads.length, api.views], [[0], 1, 1]);
  const request = { uris: urls.query(1), allowCrossSiteCredentials: false };
  for (const filter of player.filters) filter(1, request);
  assert.deepEqual(request.uris, urls.query(2));
});

test("the browser's own player loads the refreshed view where it was, without another token", async () => {
  const video = new FakeVideo();
  const api = new FakeApi(opened("path", 1), longer("path", 2));
  const made = options(api, { mode: "path" });
  attachNative(video, made.options);
  await settled();
  video.begin();
  video.currentTime = 700;
  video.fail(2);
  await settled();
  assert.equal(video.src, playlists.path(2));
  video.begin();
  assert.equal(video.currentTime, 700);
  assert.deepEqual([api.views, made.told.wishes.length], [1, 1]);
});

test("the browser's own player goes on by its cookies, which were refreshed", async () => {
  const video = new FakeVideo();
  const kept = () => json(200, { playback_id: PLAYBACK, expires_at: 1 });
  const api = new FakeApi(opened("cookies", 1), kept(), longer("cookies", 2), kept());
  const { clock, ...made } = options(api, { mode: "cookies" });
  const controller = attachNative(video, made.options);
  await settled();
  video.begin();
  await video.play();
  await clock.go();
  assert.deepEqual([refreshes(api), video.src, controller.view.expiresAt], [1, playlists.cookies(), told("cookies", 2).expires_at]);
});

test("a player that is destroyed asks for nothing more", async () => {
  const play = await hls("urls", opened("urls", 1));
  play.controller.destroy();
  await play.clock.go();
  await play.video.play();
  assert.equal(refreshes(play.api), 0);
});

test("one's own player refreshes by one call", async () => {
  const api = new FakeApi(longer("path", 2));
  const first = { playbackId: PLAYBACK, asset: view().asset_id, mode: "path", playlistUrl: playlists.path(1), expiresAt: 1, refreshUrl: REFRESH };
  const wish = { api: API, fetch: api.fetch, clock: new FakeClock() };
  const next = await refreshView(first, wish);
  assert.deepEqual([next.playlistUrl, next.refreshIn, next.refreshUrl], [playlists.path(2), 1800, REFRESH]);
  const other = await refreshView({ ...first, playbackId: "plb_other" }, { ...wish, fetch: new FakeApi(longer("path", 2)).fetch }).catch((e) => e);
  assert.equal(other.code, "unexpected_reply");
});
