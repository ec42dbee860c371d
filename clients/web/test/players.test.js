// What each player is told, and how its words are understood.

import assert from "node:assert/strict";
import test from "node:test";
import { attachHls, attachNative, attachShaka } from "../dist/index.js";
import { FakeApi, fakeHls, FakeShaka, FakeVideo, json, MEDIA, options, problem, settled, shakaRefusal, view } from "./fakes.js";

async function hls(api = new FakeApi(), more = {}) {
  const Hls = fakeHls();
  const video = new FakeVideo();
  const made = options(api, more);
  const controller = attachHls(Hls, video, made.options);
  await settled();
  video.begin();
  return { api, Hls, video, controller, ...made, now: () => Hls.made.at(-1) };
}

async function shaka(api = new FakeApi(), more = {}) {
  const video = new FakeVideo();
  const player = new FakeShaka(video);
  const made = options(api, more);
  const controller = attachShaka(player, made.options);
  await settled();
  return { api, video, player, controller, ...made };
}

async function native(api = new FakeApi(), more = {}) {
  const video = new FakeVideo();
  const made = options(api, more);
  const controller = attachNative(video, made.options);
  await settled();
  return { api, video, controller, ...made };
}

const withRetryAfter = (seconds) => ({ getResponseHeader: (name) => (name === "retry-after" ? seconds : null) });

test("hls.js tries a key once more, and never after a 4xx or a 503", async () => {
  const { now } = await hls();
  for (const policy of ["keyLoadPolicy", "manifestLoadPolicy", "playlistLoadPolicy"]) {
    const { errorRetry, timeoutRetry } = now().config[policy].default;
    assert.deepEqual([errorRetry.maxNumRetry, timeoutRetry.maxNumRetry], [1, 1]);
    const retries = (code, retry = true) => errorRetry.shouldRetry(errorRetry, 0, false, code && { code }, retry);
    for (const status of [400, 401, 403, 404, 408, 409, 429, 499, 503]) assert.equal(retries(status), false, String(status));
    for (const status of [undefined, 500, 502, 504]) assert.equal(retries(status), true, String(status));
    assert.equal(retries(500, false), false);
  }
});

test("hls.js sends credentials in the mode cookies alone, and to the media host alone", async () => {
  for (const mode of ["urls", "cookies", "query", "path"]) {
    const { now } = await hls(new FakeApi(), { mode });
    const sent = (url) => {
      const xhr = { withCredentials: undefined };
      now().config.xhrSetup(xhr, url);
      return xhr.withCredentials;
    };
    assert.equal(sent(`${MEDIA}/keys/1`), mode === "cookies");
    assert.equal(sent("https://evil.example/keys/1"), false);
  }
});

test("options of hls.js are kept, but for those of keys and credentials", async () => {
  const config = { debug: false, enableWorker: false, keyLoadPolicy: 1, xhrSetup: 1, maxBufferLength: 99 };
  const { now } = await hls(new FakeApi(), { config, maxBufferLength: 12 });
  assert.equal(now().config.enableWorker, false);
  assert.deepEqual([now().config.maxBufferLength, now().config.maxMaxBufferLength], [12, 20]);
  assert.equal(typeof now().config.xhrSetup, "function");
  assert.equal(now().config.keyLoadPolicy.default.errorRetry.maxNumRetry, 1);
});

test("hls.js begins where it is asked to", async () => {
  assert.equal((await hls()).now().config.startPosition, -1);
  assert.equal((await hls(new FakeApi(), { startPosition: 42 })).now().config.startPosition, 42);
});

test("a 503 of hls.js is waited for as long as Retry-After asks, in the same view", async () => {
  const play = await hls();
  play.video.currentTime = 30;
  play.now().tell({ response: { code: 503 }, networkDetails: withRetryAfter("5") });
  assert.deepEqual(play.clock.waits.map((wait) => wait.milliseconds), [5000]);
  assert.deepEqual(play.now().calls, [["stopLoad"]]);
  await play.clock.go();
  assert.deepEqual(play.now().calls, [["stopLoad"], ["startLoad", 30]]);
  assert.deepEqual([play.api.views, play.Hls.made.length], [1, 1]);
  assert.deepEqual(play.told.states, ["opening", "ready", "waiting", "ready"]);
});

test("a second 503 at the same place ends playback, and can be tried again", async () => {
  const play = await hls();
  play.now().tell({ response: { code: 503 } });
  assert.equal(play.clock.waits[0].milliseconds, 1000);
  await play.clock.go();
  play.now().tell({ response: { code: 503 } });
  assert.deepEqual(play.told.errors.map(({ code, retryable, status }) => [code, retryable, status]), [["unavailable", true, 503]]);
  assert.equal(play.clock.waits.length, 1);
});

test("a main playlist that was 503 is loaded anew", async () => {
  const play = await hls();
  play.now().levels = [];
  play.now().tell({ details: "manifestLoadError", response: { code: 503 } });
  await play.clock.go();
  assert.deepEqual([play.Hls.made.length, play.api.views], [2, 1]);
});

test("destroyed in the wait of a 503, nothing is loaded", async () => {
  const play = await hls();
  play.now().tell({ response: { code: 503 } });
  play.controller.destroy();
  await play.clock.go();
  assert.deepEqual(play.now().calls, [["stopLoad"], ["destroy"]]);
});

test("a 503 of a key that hls.js would ask for again at once is waited for too, one of a segment is its own affair", async () => {
  const play = await hls();
  play.now().tell({ fatal: false, details: "fragLoadError", response: { code: 503 } });
  assert.deepEqual([play.clock.waits.length, play.controller.state], [0, "ready"]);
  play.now().tell({ fatal: false, response: { code: 503 }, networkDetails: withRetryAfter("3") });
  assert.deepEqual(play.clock.waits.map((wait) => wait.milliseconds), [3000]);
});

for (const [status, code] of [[0, "unreachable"], [404, "not_found"], [409, "wrong_state"], [500, "unavailable"]]) {
  test(`hls.js gives up with ${status}: ${code}, and no view is spent on it`, async () => {
    const play = await hls();
    play.now().tell({ response: { code: status } });
    await settled();
    assert.deepEqual(play.told.errors.map((error) => error.code), [code]);
    assert.equal(play.api.views, 1);
  });
}

test("what hls.js gets over by itself is not told", async () => {
  const play = await hls();
  play.now().tell({ fatal: false, response: { code: 500 } });
  play.now().tell({ fatal: false, type: "mediaError", details: "bufferStalledError" });
  assert.deepEqual([play.told.errors, play.controller.state], [[], "ready"]);
});

test("hls.js mends a media error once, then it is unplayable", async () => {
  const play = await hls();
  play.now().tell({ type: "mediaError" });
  assert.deepEqual(play.now().calls, [["recoverMediaError"]]);
  play.now().tell({ type: "mediaError" });
  assert.deepEqual(play.told.errors.map((error) => error.code), ["unplayable"]);
});

test("a browser without media source extensions is told so", async () => {
  const Hls = fakeHls();
  Hls.isSupported = () => false;
  const made = options(new FakeApi());
  attachHls(Hls, new FakeVideo(), made.options);
  await settled();
  assert.deepEqual(made.told.errors.map((error) => error.code), ["unplayable"]);
});

test("the sound and the subtitles that were chosen are chosen again", async () => {
  const play = await hls();
  Object.assign(play.now(), {
    audioTracks: [{ lang: "de", name: "Deutsch" }, { lang: "fr", name: "Français" }], audioTrack: 1,
    subtitleTracks: [{ name: "Notes" }], subtitleTrack: 0,
  });
  play.now().refuse();
  await settled();
  assert.deepEqual(play.now().config.audioPreference, { lang: "fr", name: "Français" });
  assert.deepEqual(play.now().config.subtitlePreference, { name: "Notes" });
});

test("each instance of hls.js is told before it loads", async () => {
  const seen = [];
  const play = await hls(new FakeApi(), { onPlayer: (one) => seen.push([one, one.url]) });
  play.now().refuse();
  await settled();
  assert.deepEqual(seen, play.Hls.made.map((one) => [one, undefined]));
  assert.equal(seen.length, 2);
});

test("Shaka loads the view, with one retry and the buffer that is asked for", async () => {
  const { player } = await shaka(new FakeApi(), { maxBufferLength: 12, startPosition: 3 });
  const [{ url, position, type }] = player.loads;
  assert.deepEqual([url, position, type], [view().playlist_url, 3, "application/x-mpegurl"]);
  const [{ manifest, streaming }] = player.config;
  assert.deepEqual([manifest.retryParameters.maxAttempts, streaming.retryParameters.maxAttempts, streaming.bufferingGoal], [2, 2, 12]);
});

for (const status of [401, 403]) {
  test(`Shaka's ${status} renews the view at its place, once for all of them`, async () => {
    const { player, video, api, told } = await shaka();
    await player.begin();
    Object.assign(video, { currentTime: 600, paused: false, playbackRate: 1.25, volume: 0.5 });
    for (let times = 0; times < 3; times++) player.tell(shakaRefusal(status));
    await settled();
    player.tell(shakaRefusal(status));
    await player.begin();
    assert.deepEqual([api.views, player.loads.length, player.loads[1].position], [2, 2, 600]);
    assert.deepEqual([video.paused, video.playbackRate, video.volume], [false, 1.25, 0.5]);
    assert.deepEqual(told.errors, []);
  });
}

test("a refusal while Shaka loads renews too, and a second one ends it", async () => {
  const { player, api, told, controller } = await shaka();
  player.loads[0].reject(shakaRefusal(403));
  await settled();
  assert.equal(api.views, 2);
  player.loads[1].reject(shakaRefusal(403));
  await settled();
  assert.deepEqual([api.views, controller.state], [2, "stopped"]);
  assert.deepEqual(told.errors.map((error) => error.code), ["refused_again"]);
  assert.equal(player.unloads, 1);
});

test("Shaka sends credentials in the mode cookies alone, and to the media host alone", async () => {
  for (const mode of ["urls", "cookies"]) {
    const { player } = await shaka(new FakeApi(), { mode });
    const sent = (url) => {
      const request = { uris: [url], allowCrossSiteCredentials: false };
      for (const filter of player.filters) filter(6, request);
      return request.allowCrossSiteCredentials;
    };
    assert.equal(sent(`${MEDIA}/keys/1`), mode === "cookies");
    assert.equal(sent("https://evil.example/keys/1"), false);
  }
});

test("Shaka's 503 is waited for as long as Retry-After asks", async () => {
  const { player, clock, api, told } = await shaka();
  await player.begin();
  player.tell(shakaRefusal(503, { "retry-after": "9" }));
  assert.equal(clock.waits[0].milliseconds, 9000);
  await clock.go();
  assert.deepEqual([player.retries, player.loads.length, api.views], [[0], 1, 1]);
  player.tell(shakaRefusal(503));
  assert.deepEqual(told.errors.map((error) => error.code), ["unavailable"]);
});

test("Shaka's other errors are told in the same words", async () => {
  for (const [detail, code] of [
    [shakaRefusal(404), "not_found"],
    [{ code: 1002, severity: 2, data: [] }, "unreachable"],
    [{ code: 1003, severity: 2, data: [] }, "unreachable"],
    [{ code: 3016, severity: 2, data: [] }, "unplayable"],
    [undefined, "unplayable"],
  ]) {
    const { player, told } = await shaka();
    await player.begin();
    player.tell(detail);
    assert.deepEqual(told.errors.map((error) => error.code), [code]);
  }
});

test("what Shaka gets over, or was told to end, is not told", async () => {
  const { player, told } = await shaka();
  await player.begin();
  player.tell({ code: 3015, severity: 1, data: [] });
  player.tell({ code: 7000, severity: 2, data: [] });
  assert.deepEqual(told.errors, []);
});

test("Shaka is given back without filters and listeners", async () => {
  const { player, controller, told, video } = await shaka();
  controller.destroy();
  controller.destroy();
  player.loads[0].reject({ code: 7000, severity: 2, data: [] });
  await settled();
  assert.deepEqual([player.filters.size, player.listening, player.unloads, video.listeners], [0, 0, 1, 0]);
  assert.deepEqual(told.errors, []);
});

test("a Shaka without a video is a mistake of who wires it", () => {
  assert.throws(() => attachShaka(new FakeShaka(null), options(new FakeApi()).options), TypeError);
});

test("the browser's own player is given the view, and credentials in the mode cookies alone", async () => {
  for (const [mode, crossOrigin] of [["urls", null], ["path", null], ["cookies", "use-credentials"]]) {
    const { video, controller } = await native(new FakeApi(), { mode });
    assert.deepEqual([video.src, video.crossOrigin], [view().playlist_url, crossOrigin]);
    controller.destroy();
    assert.deepEqual([video.src, video.crossOrigin, video.listeners], ["", null, 0]);
  }
});

test("an error of the browser's own player renews the view at its place, a second one ends it", async () => {
  const { video, api, told } = await native();
  video.begin();
  void video.play();
  Object.assign(video, { currentTime: 90, playbackRate: 2 });
  video.fail(2);
  await settled();
  video.begin();
  assert.deepEqual([api.views, video.currentTime, video.paused, video.playbackRate], [2, 90, false, 2]);
  video.fail(4);
  await settled();
  assert.deepEqual([api.views, told.errors.map((error) => error.code)], [2, ["refused_again"]]);
});

test("an error while the browser's own player is paused leaves it paused", async () => {
  const { video } = await native();
  video.begin();
  void video.play();
  video.pause();
  video.fail(2);
  await settled();
  video.begin();
  assert.deepEqual([video.paused, video.plays], [true, 1]);
});

test("a wish to play that comes before the view is kept", async () => {
  const video = new FakeVideo();
  const made = options(new FakeApi());
  attachNative(video, made.options);
  void video.play();
  await settled();
  video.begin();
  assert.equal(video.paused, false);
});

test("what a person ended is no error of the browser's own player", async () => {
  const { video, api, told } = await native();
  video.fail(1);
  await settled();
  assert.deepEqual([api.views, told.errors], [1, []]);
});

test("a browser without HLS is told so", async () => {
  const video = new FakeVideo();
  video.canPlayType = () => "";
  const made = options(new FakeApi());
  attachNative(video, made.options);
  await settled();
  assert.deepEqual(made.told.errors.map((error) => error.code), ["unplayable"]);
});

test("a renewal that waits for a busy API goes on in every player", async () => {
  for (const attach of [hls, shaka, native]) {
    const api = new FakeApi(json(201, view()), problem(503, "unavailable", { "retry-after": "2" }));
    const play = await attach(api);
    if (play.player) await play.player.begin();
    if (play.now) play.now().refuse();
    else if (play.player) play.player.tell(shakaRefusal(401));
    else play.video.fail(2);
    await settled();
    assert.equal(play.clock.waits.at(-1).milliseconds, 2000);
    await play.clock.go();
    assert.deepEqual([play.controller.state, play.api.views], ["ready", 3]);
  }
});
