// Tokens that are bounded: one device, and places of streams.

import assert from "node:assert/strict";
import test from "node:test";
import { attachHls, endView, keptDevice, openView, ReelvaultError } from "../dist/index.js";
import { API, ASSET, FakeApi, FakeClock, fakeHls, FakeVideo, json, options, problem, settled, TOKEN, view } from "./fakes.js";

const END = `${API}/v1/playback/t/end`;
const DEVICE = "A".repeat(43);
const counted = (number = 1) => json(201, { ...view("urls", number), end_url: END });

const open = (api, more = {}) =>
  openView({ api: API, asset: ASSET, getMediaToken: () => TOKEN, fetch: api.fetch, clock: new FakeClock(), ...more });

async function playing(...replies) {
  const Hls = fakeHls();
  const video = new FakeVideo();
  const api = new FakeApi(...replies);
  const made = options(api);
  const controller = attachHls(Hls, video, made.options);
  await settled();
  Hls.made.at(-1)?.video && video.begin();
  return { api, controller, ...made, now: () => Hls.made.at(-1) };
}

function storage() {
  const kept = new Map();
  return { kept, getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
}

test("the device's secret is made up once and kept", () => {
  const keep = storage();
  const secret = keptDevice(keep);
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(Buffer.from(secret, "base64url").length, 32);
  assert.equal(keptDevice(keep), secret);
  assert.notEqual(keptDevice(storage()), secret);
  assert.notEqual(keptDevice(keep, "another"), secret);
  keep.setItem("reelvault-device", "nonsense");
  assert.match(keptDevice(keep), /^[A-Za-z0-9_-]{43}$/);
});

test("the secret is sent in the body where it is given, and what is none is not", async () => {
  const api = new FakeApi();
  await open(api, { device: DEVICE });
  assert.deepEqual(api.requests[0].body, { mode: "urls", device: DEVICE });
  for (const device of ["", "short", `${DEVICE}A`, 7]) {
    const error = await open(api, { device }).catch((error) => error);
    assert.equal(error.code, "malformed");
  }
  assert.equal(api.requests.length, 1);
});

for (const code of ["too_many_streams", "watched_elsewhere", "other_device", "other_origin", "outside_network"]) {
  test(`${code} is told to the viewer, and not tried again`, async () => {
    const play = await playing(problem(403, code));
    assert.deepEqual(play.told.errors.map((error) => error.code), [code]);
    assert.equal(play.told.errors[0].retryable, code === "too_many_streams");
    assert.ok(play.told.errors[0] instanceof ReelvaultError);
    assert.equal(play.api.views, 1);
  });
}

test("a view whose streams are not counted is ended by nobody", async () => {
  const play = await playing();
  play.controller.destroy();
  await endView({ ...view(), endUrl: undefined }, play.api.fetch);
  assert.deepEqual(play.api.ends, []);
});

test("a player that is destroyed gives its place away, once, by a request that outlives the page", async () => {
  const play = await playing(counted());
  play.controller.destroy();
  play.controller.destroy();
  await settled();
  assert.equal(play.api.ends.length, 1);
  const [{ url, method, keepalive, credentials, headers, body }] = play.api.ends;
  assert.deepEqual([url, method, keepalive, credentials], [END, "POST", true, "omit"]);
  assert.deepEqual([headers, body], [undefined, undefined], "nothing that a browser would ask about first");
});

test("a renewal ends the view before, since its place may be the only one", async () => {
  const order = [];
  const play = await playing(counted(), (url) => (order.push("opened"), counted(2)));
  play.api.ends.push = (...all) => (order.push("ended"), Array.prototype.push.apply(play.api.ends, all));
  play.now().refuse(403);
  await settled();
  assert.deepEqual(order, ["ended", "opened"]);
  assert.equal(play.controller.state, "ready");
});

test("a page that is left gives its place away, and one that is kept does not", async (t) => {
  const page = new EventTarget();
  globalThis.addEventListener = (...all) => page.addEventListener(...all);
  t.after(() => delete globalThis.addEventListener);
  const hide = (persisted) => page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
  const play = await playing(counted());
  hide(true);
  assert.equal(play.api.ends.length, 0);
  hide(false);
  hide(false);
  assert.equal(play.api.ends.length, 1);
  play.controller.destroy();
  hide(false);
  assert.equal(play.api.ends.length, 1);
});

test("what stops gives its place away, and is retried with another view", async () => {
  const play = await playing(counted(), counted(2), counted(3));
  play.now().tell({ type: "otherError", details: "internalException" });
  await settled();
  assert.deepEqual([play.controller.state, play.api.ends.length], ["stopped", 1]);
  play.controller.retry();
  await settled();
  assert.deepEqual([play.controller.state, play.api.ends.length], ["ready", 1]);
});

test("the ticket goes to no other host than the API's", async () => {
  for (const end_url of ["https://evil.example/v1/playback/t/end", "http://api.example.com/v1/playback/t/end", 7, null]) {
    const error = await open(new FakeApi(json(201, { ...view(), end_url }))).catch((error) => error);
    assert.equal(error.code, "unexpected_reply", String(end_url));
  }
});
