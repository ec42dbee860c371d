// hls.js, tried with 1.7.4: https://github.com/video-dev/hls.js/blob/master/docs/API.md

import { codeOfStatus, ReelvaultError, retryAfter } from "./errors.js";
import { Addresses } from "./addresses.js";
import { Allowance } from "./allowance.js";
import { realClock } from "./clock.js";
import { type Controller, type Engine, type Place, type PlayOptions, restore, Session } from "./session.js";
import type { View } from "./view.js";

export interface HlsTrack {
  readonly lang?: string | undefined;
  readonly name: string;
}

/** What is used of an instance. */
export interface HlsLike {
  on(event: string, listener: (event: string, data: HlsErrorLike) => void): void;
  loadSource(url: string): void;
  attachMedia(video: HTMLMediaElement): void;
  startLoad(position?: number): void;
  stopLoad(): void;
  recoverMediaError(): void;
  destroy(): void;
  readonly levels: readonly unknown[];
  readonly audioTracks: readonly HlsTrack[];
  readonly audioTrack: number;
  readonly subtitleTracks: readonly HlsTrack[];
  readonly subtitleTrack: number;
}

/** The class, as hls.js exports it. */
export interface HlsClass<H> {
  new (config: never): H;
  isSupported(): boolean;
  readonly Events: { readonly ERROR: string };
}

export interface HlsErrorLike {
  readonly fatal: boolean;
  readonly type: string;
  readonly details: string;
  readonly response?: { readonly code?: number | undefined } | undefined;
  /** The XMLHttpRequest. */
  readonly networkDetails?: unknown;
}

export interface HlsOptions<H> extends PlayOptions {
  /** Options of hls.js; those of keys, credentials, place and buffer are this package's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Each view has an instance of its own: told before it loads. */
  readonly onPlayer?: (hls: H) => void;
}

interface Retry {
  readonly maxNumRetry: number;
  readonly retryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly shouldRetry: (config: unknown, count: number, timedOut: boolean, reply: { code?: number } | undefined, retry: boolean) => boolean;
}

/** One retry, none of a 4xx, and none by hls.js of a 503: its `Retry-After` is kept by the session. */
const once: Retry = {
  maxNumRetry: 1,
  retryDelayMs: 1000,
  maxRetryDelayMs: 1000,
  shouldRetry: (_config, _count, _timedOut, reply, retry) => retry && !final(reply?.code),
};
const policy = (maxTimeToFirstByteMs: number, maxLoadTimeMs: number) => ({
  default: { maxTimeToFirstByteMs, maxLoadTimeMs, timeoutRetry: once, errorRetry: once },
});
const final = (status = 0) => status === 503 || (status >= 400 && status < 500);

export function attachHls<H extends HlsLike>(Hls: HlsClass<H>, video: HTMLVideoElement, options: HlsOptions<H>): Controller {
  const session = new Session(video, options);
  session.start(new HlsEngine(Hls, video, options, session));
  return session;
}

class HlsEngine<H extends HlsLike> implements Engine {
  #hls: H | undefined;
  #addresses: Addresses | undefined;
  readonly #repairs: Allowance;
  /** Ends the listeners of one view. */
  #ofView = new AbortController();

  constructor(
    private readonly Hls: HlsClass<H>,
    private readonly video: HTMLVideoElement,
    private readonly options: HlsOptions<H>,
    private readonly session: Session,
  ) {
    this.#repairs = new Allowance(options.clock ?? realClock);
  }

  load(view: View, place: Place, again: boolean): void {
    const { Hls, video, options } = this;
    if (!Hls.isSupported()) return this.session.stop(new ReelvaultError("unplayable"));
    const chosen = this.#chosen();
    this.unload();
    const buffer = options.maxBufferLength;
    const addresses = (this.#addresses = new Addresses(view));
    const hls = new Hls({
      ...options.config,
      ...chosen,
      keyLoadPolicy: policy(8_000, 20_000),
      manifestLoadPolicy: policy(10_000, 20_000),
      playlistLoadPolicy: policy(10_000, 20_000),
      ...(buffer !== undefined && { maxBufferLength: buffer, maxMaxBufferLength: Math.max(buffer, 20) }),
      startPosition: place.position > 0 ? place.position : -1,
      xhrSetup: requestsOf(view, addresses),
    } as never);
    this.#hls = hls;
    // What an instance says that was replaced is of no interest.
    hls.on(Hls.Events.ERROR, (_, data) => this.#hls === hls && this.#failed(hls, data));
    if (again || !place.paused) {
      video.addEventListener("loadedmetadata", () => restore(video, place), { once: true, signal: this.#ofView.signal });
    }
    options.onPlayer?.(hls);
    if (this.#hls !== hls) return;
    hls.loadSource(view.playlistUrl);
    hls.attachMedia(video);
  }

  adopt(view: View): boolean {
    this.#addresses?.adopt(view);
    return true;
  }

  hold(): void {
    this.#hls?.stopLoad();
  }

  resume(view: View, place: Place): void {
    // Without its main playlist an instance has nothing to go on with.
    if (this.#hls?.levels.length) this.#hls.startLoad(place.position);
    else this.load(view, place, true);
  }

  unload(): void {
    this.#ofView.abort();
    this.#ofView = new AbortController();
    const hls = this.#hls;
    this.#hls = undefined;
    hls?.destroy();
  }

  #failed(hls: H, { fatal, type, details, response, networkDetails }: HlsErrorLike): void {
    const status = response?.code ?? 0;
    if (status === 401 || status === 403) return this.session.refused(status);
    // For a key hls.js would ask again at once.
    const busy = status === 503 && (fatal || details === "keyLoadError");
    if (busy) hls.stopLoad();
    if (!fatal && !busy) return;
    if (type === "networkError") {
      const wait = status === 503 ? retryAfter(header(networkDetails, "retry-after")) : undefined;
      const error = new ReelvaultError(codeOfStatus(status), { status, ...(wait !== undefined && { retryAfterSeconds: wait }) });
      return busy ? this.session.unavailable(error) : this.session.stop(error);
    }
    if (type === "mediaError" && this.#repairs.take()) return hls.recoverMediaError();
    this.session.stop(new ReelvaultError("unplayable"));
  }

  /** The sound and the subtitles that a viewer has chosen. */
  #chosen(): Record<string, unknown> {
    const hls = this.#hls;
    const named = (track: HlsTrack | undefined) => track && { ...(track.lang && { lang: track.lang }), name: track.name };
    const audioPreference = named(hls?.audioTracks[hls.audioTrack]);
    const subtitlePreference = named(hls?.subtitleTracks[hls.subtitleTrack]);
    return { ...(audioPreference && { audioPreference }), ...(subtitlePreference && { subtitlePreference }) };
  }
}

/** Cookies go to the host of the playlist and to no other; URLs from before a refresh are asked for as they are now. */
function requestsOf({ mode, playlistUrl }: View, addresses: Addresses): (xhr: XMLHttpRequest, url: string) => void {
  const { origin } = new URL(playlistUrl);
  return (xhr, url) => {
    const now = addresses.current(url);
    // hls.js opens those that are not open (`xhr-loader.ts`).
    if (now !== url) xhr.open("GET", now, true);
    xhr.withCredentials = mode === "cookies" && new URL(url, playlistUrl).origin === origin;
  };
}

function header(xhr: unknown, name: string): string | null {
  return xhr !== null && typeof xhr === "object" && "getResponseHeader" in xhr && typeof xhr.getResponseHeader === "function"
    ? String(xhr.getResponseHeader(name) ?? "")
    : null;
}
