// One request to the API, and its reply, of which nothing is believed.

import { codeOfStatus, isErrorCode, ReelvaultError, retryAfter } from "./errors.js";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A view with its cookies is 4 KiB; what is longer is not the API's. */
const MOST_OCTETS = 64 * 1024;

export interface Request {
  readonly url: string;
  readonly expected: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly credentials: RequestCredentials;
  readonly signal: AbortSignal;
}

/** Posts, and resolves to the members of the reply's JSON object. */
export async function post(fetch: Fetch, request: Request): Promise<Readonly<Record<string, unknown>>> {
  const { url, expected, headers, body, credentials, signal } = request;
  let reply: Response;
  let text: string | undefined;
  try {
    reply = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials,
      // The API never redirects, and a token must not follow.
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal,
    });
    text = reply.redirected || reply.type === "opaqueredirect" ? undefined : await read(reply);
  } catch {
    signal.throwIfAborted();
    // The browser's own reason may hold the address.
    throw new ReelvaultError("unreachable");
  }
  signal.throwIfAborted();
  const value = text === undefined ? undefined : parse(reply, text);
  if (reply.status !== expected) throw refusal(reply, value);
  if (!value) throw new ReelvaultError("unexpected_reply", facts(reply));
  return value;
}

/** The body, or nothing if it is too long. */
async function read(reply: Response): Promise<string | undefined> {
  if (!reply.body) return "";
  const reader = reply.body.getReader();
  const decoder = new TextDecoder();
  let octets = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    octets += value.byteLength;
    if (octets > MOST_OCTETS) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parse(reply: Response, text: string): Record<string, unknown> | undefined {
  const type = reply.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" && type !== "application/problem+json") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function refusal(reply: Response, problem: Record<string, unknown> | undefined): ReelvaultError {
  const { status } = reply;
  // A success that is not the one asked for is no refusal.
  if (status < 400) return new ReelvaultError("unexpected_reply", facts(reply));
  const told = problem?.["status"] === status && isErrorCode(problem["code"]) ? problem["code"] : undefined;
  return new ReelvaultError(told ?? codeOfStatus(status), facts(reply));
}

function facts(reply: Response) {
  const requestId = reply.headers.get("x-request-id");
  const retryAfterSeconds = retryAfter(reply.headers.get("retry-after"));
  return {
    status: reply.status,
    ...(requestId && /^[\w=+/-]{1,128}$/.test(requestId) && { requestId }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}
