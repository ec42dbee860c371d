// The browser's own HLS (Safari, Chromium from 142). It tells no status: each failure may be a refusal.

import { ReelvaultError } from "./errors.js";
import { type Controller, type Engine, type Place, type PlayOptions, restore, Session } from "./session.js";
import type { View } from "./view.js";

const HLS = "application/vnd.apple.mpegurl";
/** `MediaError.MEDIA_ERR_ABORTED`: the page or the person ended it. */
const ABORTED = 1;

/** `maxBufferLength` is the browser's own affair. */
export function attachNative(video: HTMLVideoElement, options: PlayOptions): Controller {
  const session = new Session(video, options);
  session.start(new NativeEngine(video, session));
  return session;
}

class NativeEngine implements Engine {
  readonly #crossOrigin: string | null;
  #ofView = new AbortController();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly session: Session,
  ) {
    this.#crossOrigin = video.crossOrigin;
  }

  load(view: View, place: Place, again: boolean): void {
    const { video } = this;
    if (!video.canPlayType(HLS)) return this.session.stop(new ReelvaultError("unplayable"));
    this.#endView();
    const { signal } = this.#ofView;
    if (view.mode === "cookies") video.crossOrigin = "use-credentials";
    video.addEventListener("error", () => this.#failed(), { signal });
    video.addEventListener("loadedmetadata", () => {
      if (place.position > 0) video.currentTime = place.position;
      if (again || !place.paused) restore(video, place);
    }, { once: true, signal });
    // This loads, and unlike `load()` leaves a wish to play that came before as it is.
    video.src = view.playlistUrl;
  }

  /** Cookies are the browser's; its URLs are as they were. */
  adopt({ mode }: View): boolean {
    return mode === "cookies";
  }

  hold(): void {}

  resume(view: View, place: Place): void {
    this.load(view, place, true);
  }

  unload(): void {
    const { video } = this;
    this.#endView();
    if (!video.hasAttribute("src")) return;
    video.removeAttribute("src");
    video.crossOrigin = this.#crossOrigin;
    video.load();
  }

  #endView(): void {
    this.#ofView.abort();
    this.#ofView = new AbortController();
  }

  #failed(): void {
    if (this.video.error?.code !== ABORTED) this.session.refused(0);
  }
}
