// Shaka Player, tried with 5.2.12: https://shaka-player-demo.appspot.com/docs/api/shaka.Player.html

import { Addresses } from "./addresses.js";
import { codeOfStatus, ReelvaultError, retryAfter } from "./errors.js";
import { type Controller, type Engine, type Place, type PlayOptions, restore, Session } from "./session.js";
import type { View } from "./view.js";

/** `shaka.extern.Request`, as far as it is used. */
export interface ShakaRequest {
  uris: string[];
  allowCrossSiteCredentials: boolean;
}

type Filter = (type: number, request: ShakaRequest) => void;

/** What is used of a `shaka.Player` that has its video element already. */
export interface ShakaLike {
  configure(config: object): boolean;
  getMediaElement(): HTMLMediaElement | null;
  getNetworkingEngine(): { registerRequestFilter(filter: Filter): void; unregisterRequestFilter(filter: Filter): void } | null;
  load(url: string, position?: number | null, type?: string): Promise<unknown>;
  unload(): Promise<unknown>;
  retryStreaming(delaySeconds?: number): boolean;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

/** `shaka.util.Error.Code` */
const BAD_HTTP_STATUS = 1001;
const HTTP_ERROR = 1002;
const TIMEOUT = 1003;
const LOAD_INTERRUPTED = 7000;
/** `shaka.util.Error.Severity` */
const RECOVERABLE = 1;

/** One retry. Shaka itself knows 401 and 403 as final, and no other 4xx (`http_plugin_utils.js`). */
const once = { maxAttempts: 2, baseDelay: 1000, backoffFactor: 1, fuzzFactor: 0, timeout: 20_000 };

/** The player stays the caller's: `destroy` unloads it and does not end it. */
export function attachShaka(player: ShakaLike, options: PlayOptions): Controller {
  const video = player.getMediaElement();
  if (!video) throw new TypeError("the player has no video element: await player.attach(video) first");
  const session = new Session(video, options);
  session.start(new ShakaEngine(player, video, options, session));
  return session;
}

class ShakaEngine implements Engine {
  #view: View | undefined;
  #addresses: Addresses | undefined;
  /** The load that is under way; its failures come by its promise. */
  #loading: symbol | undefined;

  constructor(
    private readonly player: ShakaLike,
    private readonly video: HTMLMediaElement,
    options: PlayOptions,
    private readonly session: Session,
  ) {
    const network = player.getNetworkingEngine();
    const { maxBufferLength } = options;
    player.configure({
      manifest: { retryParameters: once },
      streaming: { retryParameters: once, ...(maxBufferLength !== undefined && { bufferingGoal: maxBufferLength }) },
    });
    player.addEventListener("error", this.#heard);
    network?.registerRequestFilter(this.#credentials);
    session.signal.addEventListener("abort", () => {
      player.removeEventListener("error", this.#heard);
      network?.unregisterRequestFilter(this.#credentials);
    }, { once: true });
  }

  load(view: View, place: Place, again: boolean): void {
    const mine = Symbol();
    this.#view = view;
    this.#addresses = new Addresses(view);
    this.#loading = mine;
    this.player.load(view.playlistUrl, place.position > 0 ? place.position : null, "application/x-mpegurl").then(
      () => {
        if (this.#loading !== mine) return;
        this.#loading = undefined;
        if (again || !place.paused) restore(this.video, place);
      },
      (error: unknown) => {
        if (this.#loading !== mine) return;
        this.#loading = undefined;
        this.#failed(error);
      },
    );
  }

  adopt(view: View): boolean {
    this.#view = view;
    this.#addresses?.adopt(view);
    return true;
  }

  /** Shaka stops by itself after an error, and `load` ends what is left. */
  hold(): void {}

  resume(view: View, place: Place): void {
    if (!this.player.retryStreaming(0)) this.load(view, place, true);
  }

  unload(): void {
    this.#loading = undefined;
    this.#view = undefined;
    this.player.unload().catch(() => {});
  }

  readonly #heard = (event: Event & { readonly detail?: unknown }): void => {
    if (this.#view && !this.#loading) this.#failed(event.detail);
  };

  readonly #credentials: Filter = (_type, request) => {
    const view = this.#view;
    const addresses = this.#addresses;
    if (addresses) request.uris = request.uris.map((uri) => addresses.current(uri));
    if (view?.mode !== "cookies") return;
    const { origin } = new URL(view.playlistUrl);
    const url = request.uris[0] ?? "";
    request.allowCrossSiteCredentials = URL.canParse(url, view.playlistUrl) && new URL(url, view.playlistUrl).origin === origin;
  };

  #failed(detail: unknown): void {
    const { code, severity, data } = errorOf(detail);
    if (code === LOAD_INTERRUPTED) return;
    if (code === BAD_HTTP_STATUS) {
      // [uri, status, text, headers, request type, first uri]
      const status = typeof data[1] === "number" ? data[1] : 0;
      if (status === 401 || status === 403) return this.session.refused(status);
      const wait = status === 503 ? retryAfter(headerOf(data[3], "retry-after")) : undefined;
      const error = new ReelvaultError(codeOfStatus(status), { status, ...(wait !== undefined && { retryAfterSeconds: wait }) });
      return status === 503 ? this.session.unavailable(error) : this.session.stop(error);
    }
    if (code === HTTP_ERROR || code === TIMEOUT) return this.session.stop(new ReelvaultError("unreachable"));
    if (severity !== RECOVERABLE) this.session.stop(new ReelvaultError("unplayable"));
  }
}

function errorOf(detail: unknown): { code: unknown; severity: unknown; data: readonly unknown[] } {
  const { code, severity, data } = (detail ?? {}) as Record<string, unknown>;
  return { code, severity, data: Array.isArray(data) ? data : [] };
}

function headerOf(headers: unknown, name: string): string | undefined {
  const value = headers !== null && typeof headers === "object" ? (headers as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
