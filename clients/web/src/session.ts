// What all players share: opens the view, renews it when it is refused, stops when that does not help.

import { Allowance } from "./allowance.js";
import { type Clock, realClock } from "./clock.js";
import { ReelvaultError } from "./errors.js";
import { endView, openView, refreshView, type View, type ViewOptions } from "./view.js";

/** `stopped` after an error, until `retry`; `destroyed` for good. */
export type State = "opening" | "ready" | "renewing" | "waiting" | "stopped" | "destroyed";

export interface PlayOptions extends Omit<ViewOptions, "renewal"> {
  /** Where to begin, in seconds. */
  readonly startPosition?: number;
  /** Seconds that are loaded ahead; what is loaded plays on after a revocation. */
  readonly maxBufferLength?: number;
  readonly onState?: (state: State) => void;
  /** Playback stopped. Told once each time. */
  readonly onError?: (error: ReelvaultError) => void;
}

export interface Controller {
  readonly state: State;
  readonly view: View | undefined;
  /** Opens another view where playback stopped: for a button. Does nothing in another state than `stopped`. */
  retry(): void;
  /** Ends requests, listeners and the player. May be called twice. */
  destroy(): void;
}

/** Where a viewer was, and how they watched. */
export interface Place {
  readonly position: number;
  readonly paused: boolean;
  readonly rate: number;
  readonly volume: number;
  readonly muted: boolean;
}

/** A player under a session. */
export interface Engine {
  /** Plays a view from a place; `again` if another was played before. */
  load(view: View, place: Place, again: boolean): void;
  /** Asks by the refreshed view from now on; false if only another load can. */
  adopt(view: View): boolean;
  /** Ends what is being loaded, and keeps what is loaded. */
  hold(): void;
  /** Loads on, after a pause that the service asked for. */
  resume(view: View, place: Place): void;
  unload(): void;
}

/** No refresh sooner than this after the one before, whatever the service says; and after one that failed. */
const LEAST_SECONDS = 5;
const AGAIN_SECONDS = 60;

export class Session implements Controller {
  readonly #video: HTMLMediaElement;
  readonly #options: PlayOptions;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #renewals: Allowance;
  readonly #waits: Allowance;
  #engine: Engine | undefined;
  #state: State = "opening";
  #view: View | undefined;
  /** The view that the player asks by: the one that it loaded, or adopted since. */
  #played: View | undefined;
  /** The view that it is time to refresh, as soon as somebody watches. */
  #due: View | undefined;
  /** The view whose end was told. */
  #left: View | undefined;
  #loaded = false;
  /** The place that a player was last sent to, until it is there. */
  #place: Place;
  #last: number | undefined;
  /** Whether the viewer wants it to go on: an error pauses too. */
  #playing: boolean;

  constructor(video: HTMLMediaElement, options: PlayOptions) {
    this.#video = video;
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#renewals = new Allowance(this.#clock);
    this.#waits = new Allowance(this.#clock);
    this.#place = { ...placeOf(video), position: options.startPosition ?? 0 };
    this.#playing = !video.paused;
    const end = this.#abort.signal;
    options.signal?.addEventListener("abort", () => this.destroy(), { once: true, signal: end });
    video.addEventListener("timeupdate", this.#progress, { signal: end });
    video.addEventListener("play", () => {
      this.#playing = true;
      void this.#ahead();
    }, { signal: end });
    video.addEventListener("pause", () => (this.#playing &&= video.error !== null), { signal: end });
    // A page that is kept may come back: its place is only given away if somebody else needs it.
    globalThis.addEventListener?.("pagehide", (event) => event.persisted || void this.#leave(), { signal: end });
    video.addEventListener("seeking", () => (this.#last = undefined), { signal: end });
  }

  get state(): State {
    return this.#state;
  }

  get view(): View | undefined {
    return this.#view;
  }

  /** Ends with the session. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  start(engine: Engine): void {
    this.#engine = engine;
    if (this.#options.signal?.aborted) return this.destroy();
    this.#options.onState?.(this.#state);
    void this.#open(false);
  }

  /** Somebody refused: 401 or 403, or a failure whose status the player does not tell. */
  refused(status: number): void {
    if (this.#state !== "ready") return; // One renewal serves all that was refused.
    if (!this.#renewals.take()) return this.stop(new ReelvaultError("refused_again", { status }));
    this.#engine?.hold();
    this.#become("renewing");
    void this.#renew();
  }

  /** The service asked for a pause: 503. */
  unavailable(error: ReelvaultError): void {
    if (this.#state !== "ready") return;
    if (!this.#waits.take()) return this.stop(error);
    this.#become("waiting");
    void this.#wait(error.retryAfterSeconds ?? 1);
  }

  /** Playback ends, and the viewer is told. */
  stop(error: ReelvaultError): void {
    if (this.#state === "stopped" || this.#state === "destroyed") return;
    this.#place = this.#whereNow();
    this.#loaded = false;
    this.#engine?.unload();
    void this.#leave();
    this.#become("stopped");
    this.#options.onError?.(error);
  }

  retry(): void {
    if (this.#state !== "stopped") return;
    this.#renewals.reset();
    this.#waits.reset();
    this.#become("opening");
    void this.#open(true);
  }

  destroy(): void {
    if (this.#state === "destroyed") return;
    this.#state = "destroyed";
    this.#abort.abort();
    this.#engine?.unload();
    void this.#leave();
    this.#view = undefined;
    this.#options.onState?.("destroyed");
  }

  async #open(renewal: boolean): Promise<void> {
    const { startPosition: _, maxBufferLength: __, onState: ___, onError: ____, ...wish } = this.#options;
    let view: View;
    try {
      // Its place may be the one that the next view needs.
      if (renewal) await this.#leave();
      if (this.#abort.signal.aborted) return;
      view = await openView({ ...wish, clock: this.#clock, renewal, signal: this.#abort.signal });
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      return this.stop(error instanceof ReelvaultError ? error : new ReelvaultError("unplayable", { cause: error }));
    }
    if (this.#abort.signal.aborted) return;
    this.#place = this.#whereNow();
    this.#view = view;
    this.#played = view;
    void this.#watchEnd(view);
    this.#last = undefined;
    if (renewal) this.#renewals.settle();
    const again = this.#loaded;
    this.#loaded = true;
    this.#become("ready");
    // `onState` may have ended it.
    if (this.#state === "ready") this.#engine?.load(view, this.#place, again || renewal);
  }

  /** The same view goes on if it can be refreshed; otherwise another is opened. */
  async #renew(): Promise<void> {
    const view = await this.#refresh().catch(() => undefined);
    if (this.#abort.signal.aborted || this.#state !== "renewing") return;
    // One that is as the player has it was not refused because it was over.
    if (!view || view.expiresAt === this.#played?.expiresAt) return this.#open(true);
    const place = this.#whereNow();
    this.#renewals.settle();
    this.#become("ready");
    // `onState` may have ended it.
    if (this.state !== "ready" || !this.#engine) return;
    const adopted = this.#engine.adopt(view);
    this.#played = view;
    if (adopted) this.#engine.resume(view, place);
    else this.#engine.load(view, (this.#place = place), true);
  }

  /** The view with a later end, if there is one to refresh and it is still this session's. */
  async #refresh(): Promise<View | undefined> {
    const view = this.#view;
    if (view?.refreshUrl === undefined) return undefined;
    const { api, device, fetch } = this.#options;
    const { signal } = this.#abort;
    const wish = { api, signal, clock: this.#clock, ...(device !== undefined && { device }), ...(fetch && { fetch }) };
    const next = await refreshView(view, wish);
    if (signal.aborted || this.#view?.playbackId !== next.playbackId) return undefined;
    this.#view = next;
    void this.#watchEnd(next);
    return next;
  }

  /** Tells when it is time to refresh a view, and does while somebody watches: a pause costs nothing. */
  async #watchEnd(view: View, seconds = view.refreshIn ?? 0): Promise<void> {
    if (view.refreshUrl === undefined) return;
    try {
      await this.#clock.wait(Math.max(seconds, LEAST_SECONDS) * 1000, this.#abort.signal);
    } catch {
      return;
    }
    if (this.#view !== view) return;
    this.#due = view;
    if (!this.#video.paused) await this.#ahead();
  }

  /** Before anything is refused. What does not succeed is tried again in a while, or when it is refused. */
  async #ahead(): Promise<void> {
    const view = this.#due;
    this.#due = undefined;
    if (!view || this.#view !== view || this.#state !== "ready") return;
    try {
      const next = await this.#refresh();
      if (next && this.#state === "ready" && this.#engine?.adopt(next)) this.#played = next;
    } catch (error) {
      if (error instanceof ReelvaultError && error.retryable) void this.#watchEnd(view, AGAIN_SECONDS);
    }
  }

  /** Ends the view once, and waits for it no longer than a moment. */
  async #leave(): Promise<void> {
    const view = this.#view;
    if (view?.endUrl === undefined || this.#left === view) return;
    this.#left = view;
    const gone = endView(view, this.#options.fetch);
    await Promise.race([gone, this.#clock.wait(2_000, this.#abort.signal).catch(() => {})]);
  }

  async #wait(seconds: number): Promise<void> {
    try {
      await this.#clock.wait(seconds * 1000, this.#abort.signal);
    } catch {
      return;
    }
    if (this.#abort.signal.aborted || !this.#view) return;
    this.#waits.settle();
    this.#become("ready");
    if (this.#state === "ready") this.#engine?.resume(this.#view, this.#whereNow());
  }

  /** A player without a picture is where it was sent to. */
  #whereNow(): Place {
    const now = placeOf(this.#video);
    const there = this.#loaded && this.#video.readyState > 0;
    if (there) return this.#video.error ? { ...now, paused: !this.#playing } : now;
    const { position, rate, paused } = this.#place;
    return { ...now, position, rate, paused: paused && now.paused };
  }

  #become(state: State): void {
    if (this.#state === state || this.#state === "destroyed") return;
    this.#state = state;
    this.#options.onState?.(state);
  }

  readonly #progress = (): void => {
    const { currentTime, seeking } = this.#video;
    const step = this.#last === undefined || seeking ? 0 : currentTime - this.#last;
    this.#last = seeking ? undefined : currentTime;
    // Ticks come each second at the least; a longer way was not played.
    if (step <= 0 || step > 5) return;
    this.#renewals.played(step);
    this.#waits.played(step);
  };
}

function placeOf({ currentTime, paused, playbackRate, volume, muted }: HTMLMediaElement): Place {
  return { position: currentTime, paused, rate: playbackRate, volume, muted };
}

/** Gives back what a new source takes away. */
export function restore(video: HTMLMediaElement, { paused, rate, volume, muted }: Place): void {
  if (video.playbackRate !== rate) video.playbackRate = rate;
  if (video.volume !== volume) video.volume = volume;
  if (video.muted !== muted) video.muted = muted;
  // Where the browser wants a gesture first, the picture waits for it.
  if (!paused && video.paused) video.play().catch(() => {});
}
