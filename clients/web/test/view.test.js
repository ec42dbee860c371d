import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { openView, ReelvaultError } from "../dist/index.js";
import { API, ASSET, FakeApi, FakeClock, json, later, MEDIA, PLAYBACK, problem, settled, TOKEN, view } from "./fakes.js";

function opening(api, more = {}) {
  const clock = new FakeClock();
  const opened = openView({ api: API, asset: ASSET, getMediaToken: () => TOKEN, fetch: api.fetch, clock, ...more });
  opened.catch(() => {});
  return { clock, opened };
}

async function refused(api, more) {
  const error = await opening(api, more).opened.then(() => assert.fail("it opened"), (error) => error);
  assert.ok(error instanceof ReelvaultError, String(error));
  return error;
}

test("a view is asked for with the token in a header alone", async () => {
  const api = new FakeApi();
  const told = await opening(api).opened;
  const [{ url, method, headers, body, credentials, redirect, cache, referrerPolicy }] = api.requests;
  assert.equal(url, `${API}/v1/assets/${ASSET}/playback`);
  assert.deepEqual([method, body], ["POST", { mode: "urls" }]);
  assert.equal(headers.authorization, `Bearer ${TOKEN}`);
  assert.match(headers["idempotency-key"], /^[0-9a-f]{32}$/);
  assert.deepEqual([credentials, redirect, cache, referrerPolicy], ["omit", "error", "no-store", "no-referrer"]);
  assert.deepEqual(told, {
    playbackId: PLAYBACK, asset: ASSET, mode: "urls", playlistUrl: `${MEDIA}/view-1/master.m3u8`, expiresAt: 1_795_305_600,
  });
});

test("each mode is asked for by its name", async () => {
  for (const mode of ["urls", "query", "path"]) {
    const api = new FakeApi();
    assert.equal((await opening(api, { mode }).opened).mode, mode);
    assert.equal(api.requests.length, 1);
  }
});

test("in the mode cookies the browser is told to keep them, without the token", async () => {
  const api = new FakeApi();
  await opening(api, { mode: "cookies" }).opened;
  const { url, method, headers, body, credentials } = api.requests[1];
  assert.equal(url, `${MEDIA}/playback/t/cookies`);
  assert.deepEqual([method, body, credentials], ["POST", {}, "include"]);
  assert.deepEqual(headers, { "content-type": "application/json" });
});

test("credentials are sent to no other host than that of the playlist", async () => {
  for (const cookies_url of ["https://evil.example/cookies", "http://media.example.com/playback/t/cookies", undefined, 7]) {
    const api = new FakeApi(json(201, { ...view("cookies"), cookies_url }));
    assert.equal((await refused(api, { mode: "cookies" })).code, "unexpected_reply");
    assert.equal(api.requests.length, 1);
  }
});

test("cookies of another view are not played with", async () => {
  const api = new FakeApi(json(201, view("cookies")), json(200, { playback_id: "plb_another", expires_at: 1 }));
  assert.equal((await refused(api, { mode: "cookies" })).code, "unexpected_reply");
});

for (const [status, code, retryable, says] of [
  [400, "malformed", false, /could not be opened/],
  [401, "unauthenticated", false, /access has ended/],
  [401, "invalid_token", false, /access has ended/],
  [403, "forbidden", false, /may not watch/],
  [403, "outside_network", false, /from your network/],
  [403, "no_views_left", false, /no views left/],
  [403, "asset_withdrawn", false, /withdrawn/],
  [404, "not_found", false, /does not exist/],
  [409, "conflict", false, /not offered/],
  [409, "wrong_state", true, /not ready/],
  [413, "too_large", false, /could not be opened/],
  [415, "wrong_media_type", false, /could not be opened/],
  [422, "idempotency_mismatch", false, /could not be opened/],
]) {
  test(`the problem ${code} (${status}) is told in words for a viewer, and asked once`, async () => {
    const api = new FakeApi(problem(status, code, { "x-request-id": "req-1" }));
    const error = await refused(api);
    assert.deepEqual([error.code, error.status, error.retryable, error.requestId], [code, status, retryable, "req-1"]);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, /secret|</);
    assert.equal(api.requests.length, 1);
  });
}

for (const [status, code] of [[429, "throttled"], [503, "unavailable"]]) {
  test(`the problem ${code} (${status}) is asked once more, under the same name, after Retry-After`, async () => {
    const api = new FakeApi(problem(status, code, { "retry-after": "7" }));
    const { clock, opened } = opening(api);
    await settled();
    assert.deepEqual(clock.waits.map((wait) => wait.milliseconds), [7000]);
    assert.equal(api.requests.length, 1);
    await clock.go();
    await opened;
    const names = api.requests.map(({ headers }) => headers["idempotency-key"]);
    assert.equal(names.length, 2);
    assert.equal(names[0], names[1]);
  });

  test(`the problem ${code} (${status}) twice is final`, async () => {
    const api = new FakeApi(problem(status, code), problem(status, code));
    const { clock, opened } = opening(api);
    await settled();
    assert.equal(clock.waits[0].milliseconds, 1000);
    await clock.go();
    await assert.rejects(opened, { code, status, retryable: true });
    assert.equal(api.requests.length, 2);
  });
}

test("Retry-After is believed up to a minute, and no words are", async () => {
  for (const [header, wait] of [["86400", 60_000], ["-1", 1000], ["Wed, 21 Oct 2026 07:28:00 GMT", 1000], ["1e9", 1000]]) {
    const { clock } = opening(new FakeApi(problem(503, "unavailable", { "retry-after": header })));
    await settled();
    assert.equal(clock.waits[0].milliseconds, wait, header);
  }
});

test("a lost reply is asked for again under the same name, and its reason is not shown", async () => {
  const api = new FakeApi(new TypeError(`failed: ${API}?token=x`), new TypeError("failed"));
  const { clock, opened } = opening(api);
  await settled();
  await clock.go();
  const error = await opened.catch((error) => error);
  assert.deepEqual([error.code, error.status, error.retryable, error.cause], ["unreachable", 0, true, undefined]);
  assert.equal(new Set(api.requests.map(({ headers }) => headers["idempotency-key"])).size, 1);
});

test("refusals that are no problem documents are told by their status", async () => {
  const html = (status) => new Response("<h1>no</h1>", { status, headers: { "content-type": "text/html" } });
  const known = [[401, "invalid_token"], [403, "forbidden"], [404, "not_found"], [409, "wrong_state"], [418, "unexpected_reply"]];
  for (const [status, code] of known) assert.equal((await refused(new FakeApi(html(status)))).code, code);
  const gateway = json(429, { message: "Too Many Requests" });
  const { clock, opened } = opening(new FakeApi(gateway, html(502)));
  await settled();
  await clock.go();
  await assert.rejects(opened, { code: "unavailable", status: 502 });
});

test("a code that nobody knows, or of another status, is not believed", async () => {
  for (const code of ["hasOwnProperty", "__proto__", "constructor", 7, null]) {
    assert.equal((await refused(new FakeApi(json(403, { status: 403, code })))).code, "forbidden");
  }
  assert.equal((await refused(new FakeApi(json(403, { status: 404, code: "not_found" })))).code, "forbidden");
});

test("HTML, half of a JSON, an array and an empty body are no view", async () => {
  const bodies = [["<html>", "text/html"], ["{\"playback_id\":", "application/json"], ["[]", "application/json"],
    ["null", "application/json"], [null, "application/json"], [JSON.stringify(view()), "text/html"]];
  for (const [body, type] of bodies) {
    const reply = new Response(body, { status: 201, headers: { "content-type": type } });
    assert.equal((await refused(new FakeApi(reply))).code, "unexpected_reply", String(body));
  }
});

test("a success that is not the one asked for is no view", async () => {
  assert.equal((await refused(new FakeApi(json(200, view())))).code, "unexpected_reply");
});

test("a body without an end is not read to its end", async () => {
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream({
    pull: (to) => (pulled++, to.enqueue(new Uint8Array(16 * 1024).fill(32))),
    cancel: () => void (cancelled = true),
  });
  const reply = new Response(body, { status: 201, headers: { "content-type": "application/json" } });
  assert.equal((await refused(new FakeApi(reply))).code, "unexpected_reply");
  assert.ok(cancelled && pulled < 10, `${pulled} pieces`);
});

test("a redirect is not followed, and the token does not go with it", async () => {
  const seen = [];
  const server = createServer((request, reply) => {
    seen.push(request.url);
    if (request.url === "/elsewhere") return reply.end();
    reply.writeHead(307, { location: "/elsewhere" }).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const clock = new FakeClock();
    clock.wait = async () => {};
    const api = `http://127.0.0.1:${server.address().port}`;
    const opened = openView({ api, asset: ASSET, getMediaToken: () => TOKEN, clock });
    await assert.rejects(opened, { code: "unreachable" });
    assert.ok(seen.length === 2 && !seen.includes("/elsewhere"), seen.join());
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("a view of another film, of another mode or to an odd address is not played", async () => {
  const odd = [
    { asset_id: "ast_another" }, { mode: "path" }, { mode: undefined }, { playback_id: 1 }, { playback_id: "plb_x" },
    { expires_at: "soon" }, { expires_at: 1.5 }, { playlist_url: "javascript:alert(1)" }, { playlist_url: "/master.m3u8" },
    { playlist_url: "http://media.example.com/m.m3u8" }, { playlist_url: "https://u:p@media.example.com/" }, { playlist_url: null },
  ];
  for (const part of odd) {
    const error = await refused(new FakeApi(json(201, { ...view(), ...part })));
    assert.equal(error.code, "unexpected_reply", JSON.stringify(part));
  }
});

test("an asset's id that could be more than an id is sent nowhere", async () => {
  const ids = ["", "ast_", `${ASSET}/../..`, `${ASSET}\r\nx-a: b`, `${ASSET}?x`, `${ASSET}\n`, ASSET.toUpperCase(), "../token", null, { toString: () => ASSET }];
  for (const asset of ids) {
    const api = new FakeApi();
    let asked = 0;
    const getMediaToken = () => (asked++, TOKEN);
    assert.equal((await refused(api, { asset, getMediaToken })).code, "malformed", String(asset));
    assert.deepEqual([api.requests.length, asked], [0, 0]);
  }
});

test("a token that could be more than a token is sent nowhere", async () => {
  for (const token of ["", `${TOKEN}\r\nx-a: b`, `${TOKEN}\n`, "eyJ.access.token", undefined, 7]) {
    const api = new FakeApi();
    assert.equal((await refused(api, { getMediaToken: () => token })).code, "no_media_token");
    assert.equal(api.requests.length, 0);
  }
});

test("a token goes over TLS, or stays on this computer", async () => {
  for (const api of ["http://api.example.com", "http://127.0.0.1.example.com", "ftp://x", "//x", "", "https://a?b", "https://u:p@a", undefined]) {
    const fake = new FakeApi();
    assert.equal((await refused(fake, { api })).code, "malformed", String(api));
    assert.equal(fake.requests.length, 0);
  }
  for (const api of ["http://localhost:4566/", "http://127.0.0.1:1", "http://[::1]:1", "https://a/stage/"]) {
    const fake = new FakeApi();
    await opening(fake, { api }).opened;
    assert.equal(fake.requests[0].url, `${api.replace(/\/$/, "")}/v1/assets/${ASSET}/playback`);
  }
});

test("a mode that nobody knows is sent nowhere", async () => {
  const api = new FakeApi();
  assert.equal((await refused(api, { mode: "toString" })).code, "malformed");
  assert.equal(api.requests.length, 0);
});

test("who cannot give a token is told so, with the reason as cause", async () => {
  const cause = new Error("signed out");
  const error = await refused(new FakeApi(), { getMediaToken: () => Promise.reject(cause) });
  assert.deepEqual([error.code, error.cause], ["no_media_token", cause]);
});

test("an abort ends the request, and the wait for another", async () => {
  const during = new AbortController();
  const { reply } = later();
  const first = opening(new FakeApi(reply), { signal: during.signal });
  await settled();
  during.abort();
  await assert.rejects(first.opened, { name: "AbortError" });

  const between = new AbortController();
  const api = new FakeApi(problem(503, "unavailable"));
  const second = opening(api, { signal: between.signal });
  await settled();
  between.abort();
  await assert.rejects(second.opened, { name: "AbortError" });
  assert.equal(api.requests.length, 1);
});

test("previews are told as the API names them", async () => {
  const at = (name) => `${API}/v1/playback/1.t/previews/key_k/${name}`;
  const all = { poster: at("poster.jpg"), storyboard: at("storyboard.vtt"), waveform: at("waveform.json") };
  for (const previews of [all, { waveform: all.waveform }, {}]) {
    const told = await opening(new FakeApi(json(201, { ...view(), previews }))).opened;
    assert.deepEqual(told.previews, previews);
  }
  const none = await opening(new FakeApi(json(201, view()))).opened;
  assert.equal("previews" in none, false);
});

test("previews lead to the API and to nobody else", async () => {
  for (const poster of ["https://evil.example/poster.jpg", "javascript:alert(1)", 7, null]) {
    const api = new FakeApi(json(201, { ...view(), previews: { poster } }));
    assert.equal((await refused(api)).code, "unexpected_reply", String(poster));
  }
  for (const previews of [null, "poster", 7]) {
    assert.equal((await refused(new FakeApi(json(201, { ...view(), previews })))).code, "unexpected_reply");
  }
});
