// What went wrong, in words that a viewer may read. Nothing of what a server sent is in them, and no address.

interface Kind {
  readonly says: string;
  /** The same may succeed later, without anybody changing anything. */
  readonly retryable?: true;
}

const ACCESS_OVER: Kind = { says: "Your access has ended. Please sign in again, or reload the page." };
const NOT_OPENED: Kind = { says: "This film could not be opened." };

/** The API's codes (docs/api.md, "Problems") that a viewer can meet, and those of this package. */
const KINDS = {
  unauthenticated: ACCESS_OVER,
  invalid_token: ACCESS_OVER,
  forbidden: { says: "You may not watch this film." },
  outside_network: { says: "This film cannot be watched from your network." },
  other_origin: { says: "This film cannot be watched on this page." },
  other_device: { says: "This film can only be watched on the device on which it was first opened." },
  too_many_streams: { says: "As many are watching as may at once. Please stop watching elsewhere, and try again.", retryable: true },
  watched_elsewhere: { says: "This was watched in several places at once, and has been stopped. If that was only you, switch off your VPN and open it again." },
  no_views_left: { says: "There are no views left for this film." },
  asset_withdrawn: { says: "This film has been withdrawn." },
  not_found: { says: "This film does not exist." },
  wrong_state: { says: "This film is not ready yet. Please try again later.", retryable: true },
  conflict: { says: "This film is not offered in this way." },
  malformed: NOT_OPENED,
  idempotency_mismatch: NOT_OPENED,
  too_large: NOT_OPENED,
  wrong_media_type: NOT_OPENED,
  throttled: { says: "There are too many requests. Please try again in a moment.", retryable: true },
  unavailable: { says: "The service is busy. Please try again in a moment.", retryable: true },
  /** No reply, or one that the browser does not show to the page. */
  unreachable: { says: "The service cannot be reached. Please check your connection.", retryable: true },
  /** A reply that is none of the API's. */
  unexpected_reply: { says: "The service gave an answer that is not understood." },
  /** `getMediaToken` failed; `cause` is why. */
  no_media_token: { says: "Access to this film could not be obtained." },
  /** A view was refused that had just been renewed. */
  refused_again: { says: "Playback stopped: access to this film was refused again." },
  /** The player gave up for another reason than a refusal. */
  unplayable: { says: "This film could not be played." },
} as const satisfies Record<string, Kind>;

export type ErrorCode = keyof typeof KINDS;

export interface ErrorFacts {
  /** The HTTP status, 0 where there was none. */
  readonly status?: number;
  /** `x-request-id` of the reply: it is in the service's logs. */
  readonly requestId?: string;
  /** How long the service asks to wait. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** Why there is no picture. `message` is for the viewer. */
export class ReelvaultError extends Error {
  override readonly name = "ReelvaultError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, { status = 0, requestId, retryAfterSeconds, cause }: ErrorFacts = {}) {
    const kind: Kind = KINDS[code];
    super(kind.says, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.retryable = kind.retryable ?? false;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === "string" && Object.hasOwn(KINDS, text);
}

/** What a status means where no problem document says more. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 0) return "unreachable";
  if (status === 401) return "invalid_token";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 409) return "wrong_state";
  if (status === 429) return "throttled";
  return status >= 500 && status <= 599 ? "unavailable" : "unexpected_reply";
}

/** Seconds of a `Retry-After`, at most a minute; the API sends no dates. */
export function retryAfter(header: string | null | undefined): number | undefined {
  return header && /^\d{1,9}$/.test(header) ? Math.min(Number(header), 60) : undefined;
}
