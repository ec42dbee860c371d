// What holds for every player, shown with a stand-in for hls.js.

import assert from "node:assert/strict";
import test from "node:test";
import { attachHls } from "../dist/index.js";
import { FakeApi, fakeHls, FakeVideo, json, later, options, problem, settled, view } from "./fakes.js";

async function playing(api = new FakeApi(), more = {}) {
  const Hls = fakeHls();
  const video = new FakeVideo();
  const made = options(api, more);
  const controller = attachHls(Hls, video, made.options);
  await settled();
  Hls.made.at(-1)?.video && video.begin();
  return { api, Hls, video, controller, ...made, now: () => Hls.made.at(-1) };
}

/** Refused, renewed, and a picture again. */
async function renewed(play) {
  play.now().refuse();
  await settled();
  play.video.begin();
}

test("a view is opened once and given to the player", async () => {
  const { api, now, controller, told } = await playing();
  assert.equal(api.views, 1);
  assert.equal(now().url, view().playlist_url);
  assert.deepEqual(told.states, ["opening", "ready"]);
  assert.deepEqual(told.wishes.map(({ renewal }) => renewal), [false]);
  assert.equal(controller.view.playbackId, view().playback_id);
});

for (const code of [401, 403]) {
  for (const details of ["keyLoadError", "fragLoadError", "levelLoadError", "manifestLoadError", "audioTrackLoadError"]) {
    test(`the first ${details} with ${code} renews the view with another token`, async () => {
      const play = await playing();
      play.now().tell({ details, fatal: false, response: { code } });
      await settled();
      assert.equal(play.api.views, 2);
      assert.deepEqual(play.told.states, ["opening", "ready", "renewing", "ready"]);
      assert.deepEqual(play.told.wishes.map(({ renewal }) => renewal), [false, true]);
      assert.match(play.now().url, /view-2/);
      assert.deepEqual(play.told.errors, []);
    });
  }
}

test("each view is asked for under a name of its own", async () => {
  const play = await playing();
  await renewed(play);
  const names = play.api.requests.map(({ headers }) => headers["idempotency-key"]);
  assert.equal(new Set(names).size, 2);
});

test("a viewer who watched goes on where they were, as they were", async () => {
  const play = await playing();
  const { video } = play;
  Object.assign(video, { currentTime: 1234.5, paused: false, playbackRate: 1.5, volume: 0.25, muted: true });
  await renewed(play);
  assert.equal(play.now().config.startPosition, 1234.5);
  assert.deepEqual([video.paused, video.playbackRate, video.volume, video.muted], [false, 1.5, 0.25, true]);
});

test("a viewer who paused for hours stays paused where they were", async () => {
  const play = await playing();
  const { video } = play;
  Object.assign(video, { currentTime: 1234.5, paused: true });
  play.clock.time += 6 * 3600 * 1000;
  await renewed(play);
  assert.equal(play.now().config.startPosition, 1234.5);
  assert.deepEqual([video.paused, video.plays], [true, 0]);
});

test("what is loaded plays on while the view is renewed, and the place is that of the end of it", async () => {
  const { reply, tell } = later();
  const play = await playing(new FakeApi(json(201, view()), reply));
  play.video.currentTime = 100;
  play.now().refuse();
  await settled();
  assert.deepEqual(play.now().calls, [["stopLoad"]]);
  play.video.currentTime = 104;
  await tell(json(201, view("urls", 2)));
  assert.equal(play.now().config.startPosition, 104);
});

test("the place is kept where the renewed view has no picture yet", async () => {
  const play = await playing();
  play.video.currentTime = 500;
  play.now().refuse();
  await settled();
  play.clock.time += 61_000;
  assert.equal(play.video.readyState, 0);
  play.now().refuse();
  await settled();
  assert.equal(play.now().config.startPosition, 500);
});

test("several refusals at once are one renewal", async () => {
  const { reply, tell } = later();
  const play = await playing(new FakeApi(json(201, view()), reply));
  const first = play.now();
  for (const details of ["fragLoadError", "keyLoadError", "fragLoadError", "levelLoadError"]) first.refuse(403, details);
  await settled();
  assert.equal(play.api.views, 2);
  assert.equal(play.told.wishes.length, 2);
  await tell(json(201, view("urls", 2)));
  first.refuse(403);
  first.refuse(401);
  await settled();
  assert.equal(play.api.views, 2, "what a player says that was replaced is of no interest");
  assert.deepEqual(play.told.errors, []);
});

test("a renewed view that is refused at once ends playback: no loop", async () => {
  const play = await playing();
  await renewed(play);
  play.now().refuse(401);
  await settled();
  assert.equal(play.api.views, 2);
  assert.deepEqual(play.told.errors.map(({ code, status }) => [code, status]), [["refused_again", 401]]);
  assert.equal(play.controller.state, "stopped");
  assert.deepEqual(play.now().calls.at(-1), ["destroy"]);
});

test("ten seconds of film allow another renewal, fewer do not", async () => {
  for (const [seconds, views] of [[9, 2], [10, 3]]) {
    const play = await playing();
    await renewed(play);
    play.video.watch(seconds);
    play.now().refuse();
    await settled();
    assert.equal(play.api.views, views, `${seconds} s`);
  }
});

test("what was skipped was not played", async () => {
  const play = await playing();
  await renewed(play);
  for (let at = 0; at < 40; at++) play.video.seek(at * 2);
  play.video.seek(5000);
  play.now().refuse();
  await settled();
  assert.equal(play.api.views, 2);
  assert.equal(play.controller.state, "stopped");
});

test("a gap that a player jumps over was not played", async () => {
  const play = await playing();
  await renewed(play);
  play.video.watch(2);
  play.video.currentTime += 300;
  play.video.watch(2);
  play.now().refuse();
  await settled();
  assert.equal(play.api.views, 2);
});

test("a minute allows another renewal too: a pause after a few seconds is a pause", async () => {
  for (const [milliseconds, views] of [[59_000, 2], [60_000, 3]]) {
    const play = await playing();
    await renewed(play);
    play.video.watch(2);
    play.clock.time += milliseconds;
    play.now().refuse();
    await settled();
    assert.equal(play.api.views, views, `${milliseconds} ms`);
  }
});

test("a film that is refused at every ten seconds is renewed as often, and never more", async () => {
  const play = await playing();
  for (let round = 0; round < 20; round++) {
    await renewed(play);
    play.video.watch(10);
  }
  assert.equal(play.api.views, 21);
  await renewed(play);
  for (let round = 0; round < 20; round++) play.now().refuse();
  await settled();
  assert.equal(play.api.views, 22);
});

for (const code of ["asset_withdrawn", "no_views_left", "forbidden", "outside_network"]) {
  test(`a renewal that is refused as ${code} ends playback with that`, async () => {
    const play = await playing(new FakeApi(json(201, view()), problem(403, code)));
    play.now().refuse();
    await settled();
    assert.deepEqual(play.told.errors.map((error) => error.code), [code]);
    assert.deepEqual(play.told.states, ["opening", "ready", "renewing", "stopped"]);
    assert.deepEqual(play.now().calls, [["stopLoad"], ["destroy"]]);
    assert.equal(play.api.views, 2);
  });
}

test("who is given no token for the renewal is told so", async () => {
  const play = await playing(new FakeApi(), {
    getMediaToken: ({ renewal }) => (renewal ? Promise.reject(new Error("signed out")) : `rvm_${"a".repeat(43)}`),
  });
  play.now().refuse();
  await settled();
  assert.deepEqual(play.told.errors.map(({ code, cause }) => [code, cause.message]), [["no_media_token", "signed out"]]);
});

test("a view that does not open is told once, and no player is made", async () => {
  const play = await playing(new FakeApi(problem(403, "no_views_left")));
  assert.deepEqual(play.told.errors.map((error) => error.code), ["no_views_left"]);
  assert.equal(play.Hls.made.length, 0);
  assert.deepEqual(play.told.states, ["opening", "stopped"]);
});

test("a button that tries again opens another view where it stopped", async () => {
  const play = await playing();
  await renewed(play);
  Object.assign(play.video, { currentTime: 77, paused: false, playbackRate: 2 });
  play.now().refuse();
  await settled();
  assert.equal(play.controller.state, "stopped");
  play.controller.retry();
  play.controller.retry();
  await settled();
  play.video.begin();
  assert.equal(play.api.views, 3);
  assert.equal(play.now().config.startPosition, 77);
  assert.deepEqual([play.video.paused, play.video.playbackRate], [false, 2]);
  assert.equal(play.controller.state, "ready");
  play.controller.retry();
  await settled();
  assert.equal(play.api.views, 3);
});

test("destroyed while the view is asked for: the request ends, nothing is told any more", async () => {
  const { reply, tell } = later();
  let signal;
  const play = await playing(new FakeApi((url, init) => ((signal = init.signal), reply(url, init))));
  play.controller.destroy();
  assert.ok(signal.aborted);
  await tell(json(201, view()));
  assert.equal(play.Hls.made.length, 0);
  assert.deepEqual(play.told.errors, []);
  assert.deepEqual(play.told.states, ["opening", "destroyed"]);
});

test("destroyed while it is renewed: no player is made, and who gives tokens hears of it", async () => {
  const { reply } = later();
  const play = await playing(new FakeApi(json(201, view()), reply));
  play.now().refuse();
  await settled();
  play.controller.destroy();
  await settled();
  assert.equal(play.Hls.made.length, 1);
  assert.deepEqual(play.told.errors, []);
  assert.ok(play.told.wishes[1].signal.aborted);
});

test("destroyed while a token is waited for: no view is spent", async () => {
  let give;
  const play = await playing(new FakeApi(), { getMediaToken: () => new Promise((resolve) => (give = resolve)) });
  play.controller.destroy();
  give(`rvm_${"a".repeat(43)}`);
  await settled();
  assert.equal(play.api.requests.length, 0);
});

test("destroyed twice is destroyed once, and no listener is left", async () => {
  const play = await playing();
  play.controller.destroy();
  play.controller.destroy();
  play.controller.retry();
  play.now().refuse();
  await settled();
  assert.deepEqual(play.now().calls, [["destroy"]]);
  assert.deepEqual(play.told.states.filter((state) => state === "destroyed"), ["destroyed"]);
  assert.equal(play.video.listeners, 0);
  assert.equal(play.api.views, 1);
  assert.equal(play.controller.view, undefined);
});

test("a signal destroys as destroy does, before the start too", async () => {
  const abort = new AbortController();
  const play = await playing(new FakeApi(), { signal: abort.signal });
  abort.abort();
  assert.equal(play.controller.state, "destroyed");
  assert.equal(play.video.listeners, 0);
  const never = await playing(new FakeApi(), { signal: AbortSignal.abort() });
  assert.deepEqual([never.controller.state, never.api.requests.length], ["destroyed", 0]);
});

test("destroyed by its own listener: nothing is played", async () => {
  const Hls = fakeHls();
  const made = options(new FakeApi());
  const controller = attachHls(Hls, new FakeVideo(), {
    ...made.options,
    onState: (state) => state === "ready" && controller.destroy(),
  });
  await settled();
  assert.equal(Hls.made.length, 0);
});

test("nothing is logged and nothing is stored", async (t) => {
  const spies = ["log", "info", "warn", "error", "debug"].map((name) => t.mock.method(console, name, () => {}));
  const touched = [];
  for (const name of ["localStorage", "sessionStorage"]) {
    const old = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { configurable: true, get: () => touched.push(name) });
    t.after(() => (old ? Object.defineProperty(globalThis, name, old) : delete globalThis[name]));
  }
  const play = await playing(new FakeApi(), { mode: "cookies" });
  await renewed(play);
  play.now().refuse();
  await settled();
  assert.equal(play.controller.state, "stopped");
  assert.deepEqual([touched, ...spies.map((spy) => spy.mock.callCount())], [[], 0, 0, 0, 0, 0]);
  assert.ok(play.api.requests.every(({ url }) => !url.includes("rvm_")));
});
