// Opens a view: POST /v1/assets/{asset_id}/playback, and in the mode `cookies` has the browser keep them. Refreshes one:
// POST /v1/playback/{token}/refresh.

import { type Clock, realClock } from "./clock.js";
import { ReelvaultError } from "./errors.js";
import { type Fetch, post } from "./reply.js";

export type Mode = "urls" | "cookies" | "query" | "path";
const MODES: readonly string[] = ["urls", "cookies", "query", "path"] satisfies Mode[];

/** Why a token is asked for. */
export interface TokenWish {
  readonly asset: string;
  /** The view before was refused: a token that was given already may be spent. */
  readonly renewal: boolean;
  readonly signal: AbortSignal;
}

export interface ViewOptions {
  /** Where the API is: `https://api.example.com`. Plain HTTP on this computer alone. */
  readonly api: string;
  /** `ast_…` */
  readonly asset: string;
  /** A media token with a view left, from your own back end or a token exchange. It is asked for each view. */
  readonly getMediaToken: (wish: TokenWish) => string | Promise<string>;
  readonly mode?: Mode;
  /** What this device keeps, for tokens that are for one device: `keptDevice()`, or your own 43 characters. */
  readonly device?: string;
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  readonly renewal?: boolean;
  readonly clock?: Clock;
}

/** A view. `playlistUrl` is a credential, and so not for logs. */
export interface View {
  readonly playbackId: string;
  readonly asset: string;
  readonly mode: Mode;
  readonly playlistUrl: string;
  /** Seconds of Unix time. */
  readonly expiresAt: number;
  /** Where streams are counted, what `endView` asks when the player goes. A credential too. */
  readonly endUrl?: string;
  /** Where views are refreshed, what `refreshView` asks. A credential too. */
  readonly refreshUrl?: string;
  /** In how many seconds, since it was told, that makes it last longer. */
  readonly refreshIn?: number;
  /** In the mode `urls`, the query that each segment is let through by. A credential too. */
  readonly segmentQuery?: string;
  /** What may be shown beside the film, where there is such a thing. */
  readonly previews?: Previews;
}

/** Where the previews of a film are, for as long as the view is open: each a credential, and so not for logs. */
export interface Previews {
  /** A JPEG picture that stands for the film: the `poster` of a video element. */
  readonly poster?: string;
  /** WebVTT whose cues name parts of JPEG sheets beside it (`#xywh=`): thumbnails of a seek bar. */
  readonly storyboard?: string;
  /** Peaks of the sound as JSON, for peaks.js and others that read audiowaveform's format. */
  readonly waveform?: string;
}

/** What a refresh needs of [`ViewOptions`]. */
export type RefreshOptions = Pick<ViewOptions, "api" | "device" | "fetch" | "signal" | "clock">;

// The patterns of docs/openapi.json. What fits them can be part of a path or a header.
const ASSET = /^ast_[a-z2-7]{25}[aeimquy4]$/;
const MEDIA_TOKEN = /^rvm_[A-Za-z0-9_-]{43}$/;
const DEVICE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const PLAYBACK = /^plb_[a-z2-7]{25}[aeimquy4]$/;
const QUERY = /^[A-Za-z0-9=&._~-]+$/;
const HERE = /^(localhost|[a-z0-9.-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** Failures that are worth one more request under the same name: it spends no second view. */
const AGAIN: readonly string[] = ["throttled", "unavailable", "unreachable"];

export async function openView(options: ViewOptions): Promise<View> {
  const { asset, device, mode = "urls", renewal = false, clock = realClock } = options;
  const signal = options.signal ?? new AbortController().signal;
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  if (typeof asset !== "string" || !ASSET.test(asset) || !MODES.includes(mode)) throw new ReelvaultError("malformed");
  if (device !== undefined && (typeof device !== "string" || !DEVICE.test(device))) throw new ReelvaultError("malformed");
  const base = apiBase(options.api);
  const token = await mediaToken(options.getMediaToken, { asset, renewal, signal });
  const reply = await twice(clock, signal, {
    url: `${base}/v1/assets/${asset}/playback`,
    expected: 201,
    headers: { authorization: `Bearer ${token}`, "idempotency-key": randomName() },
    body: { mode, ...(device !== undefined && { device }) },
    credentials: "omit",
    signal,
  }, fetch);
  const view = viewOf(reply, asset, mode, new URL(base).origin);
  if (mode === "cookies") await keepCookies(reply, view, clock, signal, fetch);
  return view;
}

/** The view with a later end, or as it is: what was told before ends when it was to end. No media token is asked for. */
export async function refreshView(view: View, options: RefreshOptions): Promise<View> {
  const { device, clock = realClock } = options;
  const signal = options.signal ?? new AbortController().signal;
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  if (view.refreshUrl === undefined) throw new ReelvaultError("malformed");
  const reply = await twice(clock, signal, {
    url: view.refreshUrl,
    expected: 200,
    headers: {},
    body: { mode: view.mode, ...(device !== undefined && { device }) },
    credentials: "omit",
    signal,
  }, fetch);
  const next = viewOf(reply, view.asset, view.mode, new URL(apiBase(options.api)).origin);
  if (next.playbackId !== view.playbackId) throw new ReelvaultError("unexpected_reply");
  if (next.mode === "cookies") await keepCookies(reply, next, clock, signal, fetch);
  return next;
}

async function keepCookies(
  reply: Readonly<Record<string, unknown>>,
  view: View,
  clock: Clock,
  signal: AbortSignal,
  fetch: Fetch,
): Promise<void> {
  const url = safeUrl(reply["cookies_url"]);
  // Credentials go to the host of the playlist and to no other.
  if (!url || url.origin !== new URL(view.playlistUrl).origin) throw new ReelvaultError("unexpected_reply");
  const kept = await twice(clock, signal, {
    url: url.href,
    expected: 200,
    headers: {},
    body: {},
    credentials: "include",
    signal,
  }, fetch);
  if (kept["playback_id"] !== view.playbackId) throw new ReelvaultError("unexpected_reply");
}

async function twice(clock: Clock, signal: AbortSignal, request: Parameters<typeof post>[1], fetch: Fetch) {
  try {
    return await post(fetch, request);
  } catch (error) {
    if (!(error instanceof ReelvaultError) || !AGAIN.includes(error.code)) throw error;
    await clock.wait((error.retryAfterSeconds ?? 1) * 1000, signal);
    return post(fetch, request);
  }
}

async function mediaToken(ask: ViewOptions["getMediaToken"], wish: TokenWish): Promise<string> {
  let token: unknown;
  try {
    token = await ask(wish);
  } catch (cause) {
    wish.signal.throwIfAborted();
    throw new ReelvaultError("no_media_token", { cause });
  }
  wish.signal.throwIfAborted();
  if (typeof token !== "string" || !MEDIA_TOKEN.test(token)) throw new ReelvaultError("no_media_token");
  return token;
}

/** Gives the place of a view to the next who wants to watch, where streams are counted; a page may do it as it is left. */
export async function endView(view: View, fetch: Fetch = (url, init) => globalThis.fetch(url, init)): Promise<void> {
  if (view.endUrl === undefined) return;
  try {
    // Nothing that a browser would have to ask about first: then there would be no time.
    await fetch(view.endUrl, {
      method: "POST",
      keepalive: true,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
  } catch {
    // Its place is given away when it was silent for a while.
  }
}

function viewOf(reply: Readonly<Record<string, unknown>>, asset: string, mode: Mode, api: string): View {
  const { playback_id: playbackId, playlist_url: playlist, expires_at: expiresAt } = reply;
  const url = safeUrl(playlist);
  const fits = reply["asset_id"] === asset && reply["mode"] === mode;
  if (!fits || !url || typeof playbackId !== "string" || !PLAYBACK.test(playbackId) || !Number.isSafeInteger(expiresAt)) {
    throw new ReelvaultError("unexpected_reply");
  }
  const end = safeUrl(reply["end_url"]);
  // The ticket in it goes to the API and to nobody else.
  if (reply["end_url"] !== undefined && end?.origin !== api) throw new ReelvaultError("unexpected_reply");
  return {
    playbackId,
    asset,
    mode,
    playlistUrl: url.href,
    expiresAt: expiresAt as number,
    ...(end && { endUrl: end.href }),
    ...refreshOf(reply, api),
    ...previewsOf(reply["previews"], api),
  };
}

function previewsOf(told: unknown, api: string): Pick<View, "previews"> {
  if (told === undefined) return {};
  if (told === null || typeof told !== "object") throw new ReelvaultError("unexpected_reply");
  const members: Readonly<Record<string, unknown>> = { ...told };
  const previews: { -readonly [name in keyof Previews]: string } = {};
  for (const name of ["poster", "storyboard", "waveform"] as const) {
    if (members[name] === undefined) continue;
    const url = safeUrl(members[name]);
    // The ticket is in them too.
    if (url?.origin !== api) throw new ReelvaultError("unexpected_reply");
    previews[name] = url.href;
  }
  return { previews };
}

function refreshOf(reply: Readonly<Record<string, unknown>>, api: string): Pick<View, "refreshUrl" | "refreshIn" | "segmentQuery"> {
  const { refresh_url: refresh, refresh_in: refreshIn, segment_query: query } = reply;
  const told = typeof query === "string" && QUERY.test(query) ? query : undefined;
  if (query !== undefined && told === undefined) throw new ReelvaultError("unexpected_reply");
  const segmentQuery = told !== undefined ? { segmentQuery: told } : {};
  if (refresh === undefined) return segmentQuery;
  const url = safeUrl(refresh);
  // As with the ticket: to the API and to nobody else.
  if (url?.origin !== api || !Number.isSafeInteger(refreshIn)) throw new ReelvaultError("unexpected_reply");
  return { refreshUrl: url.href, refreshIn: refreshIn as number, ...segmentQuery };
}

function apiBase(api: string): string {
  const url = safeUrl(api);
  if (!url || url.search || url.hash) throw new ReelvaultError("malformed");
  return url.href.replace(/\/+$/, "");
}

function safeUrl(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const secret = url.protocol === "https:" || (url.protocol === "http:" && HERE.test(url.hostname));
  return secret && !url.username && !url.password ? url : undefined;
}

/** 128 random bits. `crypto.randomUUID` is not there on plain HTTP. */
function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
