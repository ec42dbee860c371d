// A browser without a browser: what the package talks to, and a way to say what each should do.

export const ASSET = "ast_geytcmjrgeytcmjrgeytcmjrge";
export const PLAYBACK = "plb_geytcmjrgeytcmjrgeytcmjrge";
export const TOKEN = `rvm_${"a".repeat(43)}`;
export const API = "https://api.example.com";
export const MEDIA = "https://media.example.com";

/** Everything that is due has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

export class FakeClock {
  time = 1_000_000;
  waits = [];

  now() {
    return this.time;
  }

  wait(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.waits.push({ milliseconds, go: resolve });
    });
  }

  /** The last wait is over. */
  go() {
    this.waits.at(-1).go();
    return settled();
  }
}

export function json(status, body, headers = {}) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type, ...headers } });
}

export function problem(status, code, headers) {
  const type = `urn:reelvault:problem:${code}`;
  return json(status, { type, title: "T", status, code, detail: "<b>secret</b>", request_id: "r" }, headers);
}

export function view(mode = "urls", number = 1) {
  return {
    playback_id: PLAYBACK,
    asset_id: ASSET,
    mode,
    playlist_url: `${MEDIA}/view-${number}/master.m3u8`,
    expires_at: 1_795_305_600,
    ...(mode === "cookies" && { cookies: [], cookies_url: `${MEDIA}/playback/t/cookies` }),
  };
}

/** Answers by `replies` in order, each a Response, an Error, or a function of the request; then by good views. */
export class FakeApi {
  requests = [];
  ends = [];
  signals = [];

  constructor(...replies) {
    this.replies = replies;
  }

  fetch = async (url, init) => {
    if (url.endsWith("/end")) {
      this.ends.push({ url, ...init });
      return json(200, { playback_id: PLAYBACK });
    }
    this.requests.push({ url, ...init, body: JSON.parse(init.body) });
    const { mode } = this.requests.at(-1).body;
    const reply = this.replies.shift() ?? this.#good(url, mode);
    if (reply instanceof Error) throw reply;
    return typeof reply === "function" ? reply(url, init) : reply;
  };

  get views() {
    return this.requests.filter(({ url }) => url.endsWith("/playback")).length;
  }

  #good(url, mode) {
    if (url.endsWith("/cookies")) return json(200, { playback_id: PLAYBACK, expires_at: 1_795_305_600 });
    return json(201, view(mode, this.views));
  }
}

/** A reply that comes when it is told to, or never, if the request is aborted. */
export function later() {
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  const reply = (_url, { signal }) =>
    Promise.race([told, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);
  return { reply, tell: (value) => (tell(value), settled()) };
}

export class FakeVideo extends EventTarget {
  currentTime = 0;
  paused = true;
  playbackRate = 1;
  volume = 1;
  muted = false;
  seeking = false;
  readyState = 0;
  crossOrigin = null;
  error = null;
  #src = "";
  listeners = 0;
  plays = 0;

  addEventListener(type, listener, options) {
    this.listeners++;
    options?.signal?.addEventListener("abort", () => this.listeners--, { once: true });
    super.addEventListener(type, listener, options);
  }

  get src() {
    return this.#src;
  }

  set src(url) {
    const first = this.#src === "";
    this.#src = url;
    if (!first) this.load();
  }

  hasAttribute(name) {
    return name === "src" && this.src !== "";
  }

  removeAttribute() {
    this.#src = "";
  }

  canPlayType() {
    return "maybe";
  }

  /** As the standard has it: a new source stops, and plays at the usual speed. */
  load() {
    Object.assign(this, { currentTime: 0, readyState: 0, paused: true, playbackRate: 1, error: null });
  }

  play() {
    this.plays++;
    this.paused = false;
    this.dispatchEvent(new Event("play"));
    return Promise.resolve();
  }

  /** A picture is there. */
  begin() {
    this.readyState = 4;
    this.dispatchEvent(new Event("loadedmetadata"));
  }

  /** Seconds of film go by. */
  watch(seconds) {
    this.dispatchEvent(new Event("timeupdate"));
    for (let at = 0; at < seconds; at++) {
      this.currentTime++;
      this.dispatchEvent(new Event("timeupdate"));
    }
  }

  seek(to) {
    this.seeking = true;
    this.currentTime = to;
    this.dispatchEvent(new Event("timeupdate"));
    this.dispatchEvent(new Event("seeking"));
    this.dispatchEvent(new Event("timeupdate"));
    this.seeking = false;
    this.dispatchEvent(new Event("timeupdate"));
  }

  pause() {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }

  /** As Chromium does it: paused before the error is told, and told of it after. */
  fail(code) {
    this.error = { code };
    this.paused = true;
    this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new Event("pause"));
  }
}

/** A class of its own for each test: `made` are its instances. */
export function fakeHls() {
  return class FakeHls {
    static Events = { ERROR: "hlsError" };
    static made = [];
    static isSupported = () => true;
    calls = [];
    levels = [{}];
    audioTracks = [];
    audioTrack = -1;
    subtitleTracks = [];
    subtitleTrack = -1;

    constructor(config) {
      this.config = config;
      this.constructor.made.push(this);
    }

    on(event, listener) {
      if (event === "hlsError") this.listener = listener;
    }

    loadSource(url) {
      this.url = url;
    }

    attachMedia(video) {
      this.video = video;
      video.load();
    }

    startLoad(position) {
      this.calls.push(["startLoad", position]);
    }

    stopLoad() {
      this.calls.push(["stopLoad"]);
    }

    recoverMediaError() {
      this.calls.push(["recoverMediaError"]);
    }

    destroy() {
      this.calls.push(["destroy"]);
      this.video?.load();
    }

    /** hls.js tells an error. */
    tell(data) {
      this.listener("hlsError", { fatal: true, type: "networkError", details: "keyLoadError", ...data });
    }

    refuse(code = 401, details = "keyLoadError") {
      this.tell({ details, response: { code } });
    }
  };
}

export class FakeShaka extends EventTarget {
  config = [];
  loads = [];
  filters = new Set();
  unloads = 0;
  retries = [];
  listening = 0;

  constructor(video) {
    super();
    this.video = video;
  }

  addEventListener(...all) {
    this.listening++;
    super.addEventListener(...all);
  }

  removeEventListener(...all) {
    this.listening--;
    super.removeEventListener(...all);
  }

  configure(config) {
    this.config.push(config);
    return true;
  }

  getMediaElement() {
    return this.video;
  }

  getNetworkingEngine() {
    return {
      registerRequestFilter: (filter) => this.filters.add(filter),
      unregisterRequestFilter: (filter) => this.filters.delete(filter),
    };
  }

  load(url, position, type) {
    this.video.load();
    return new Promise((resolve, reject) => this.loads.push({ url, position, type, resolve, reject }));
  }

  async unload() {
    this.unloads++;
  }

  retryStreaming(delay) {
    this.retries.push(delay);
    return true;
  }

  /** The last load has a picture. */
  begin() {
    const { position, resolve } = this.loads.at(-1);
    this.video.currentTime = position ?? 0;
    this.video.begin();
    resolve();
    return settled();
  }

  tell(detail) {
    this.dispatchEvent(Object.assign(new Event("error"), { detail }));
  }
}

export function shakaRefusal(status, headers = {}) {
  return { severity: 2, category: 1, code: 1001, data: ["https://media.example.com/k", status, "", headers, 6] };
}

/** Options that write down what they are told. */
export function options(api, more = {}) {
  const told = { states: [], errors: [], wishes: [] };
  const clock = new FakeClock();
  return {
    told,
    clock,
    options: {
      api: API,
      asset: ASSET,
      clock,
      fetch: api.fetch,
      getMediaToken: (wish) => (told.wishes.push(wish), TOKEN),
      onState: (state) => told.states.push(state),
      onError: (error) => told.errors.push(error),
      ...more,
    },
  };
}
