// The URLs of a view that was refreshed, for a player that has those from before: each names credentials, and they changed.

import type { View } from "./view.js";

/** The name of a credential that is a segment of a path. */
const SEGMENT = "/";

/** What the URLs of a view carry, by the names of their parameters. In the mode `cookies` it is nothing. */
function credentials({ mode, playlistUrl, segmentQuery }: View): Map<string, string> {
  const { pathname, search } = new URL(playlistUrl);
  const segments = pathname.split("/");
  const after = (folder: string) => segments[segments.indexOf(folder) + 1] ?? "";
  if (mode === "query") return pairs(search.slice(1));
  if (mode === "path") return new Map([[SEGMENT, after("p")]]);
  if (mode === "cookies") return new Map();
  const ticket = after("playback");
  return new Map([...pairs(segmentQuery ?? ""), ["token", ticket], [SEGMENT, ticket]]);
}

/** Their values are of characters that need no escapes, and stay as they are. */
function pairs(query: string): Map<string, string> {
  const parts = query.split("&").filter((part) => part.includes("="));
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]));
}

/** Puts what a view carries now in the place of what it carried, there alone where that stands: no other URL gets anything. */
export class Addresses {
  #now: Map<string, string>;
  readonly #before = new Set<string>();

  constructor(view: View) {
    this.#now = credentials(view);
  }

  adopt(view: View): void {
    for (const [name, value] of this.#now) this.#before.add(`${name}=${value}`);
    this.#now = credentials(view);
  }

  current(url: string): string {
    if (this.#before.size === 0) return url;
    const start = url.indexOf("?");
    const path = start < 0 ? url : url.slice(0, start);
    const query = start < 0 ? undefined : url.slice(start + 1).split("&").map((part) => this.#parameter(part)).join("&");
    const segments = path.split("/").map((segment) => this.#value(SEGMENT, segment));
    return segments.join("/") + (query === undefined ? "" : `?${query}`);
  }

  #parameter(part: string): string {
    const at = part.indexOf("=");
    return at < 0 ? part : `${part.slice(0, at)}=${this.#value(part.slice(0, at), part.slice(at + 1))}`;
  }

  #value(name: string, value: string): string {
    return value !== "" && this.#before.has(`${name}=${value}`) ? (this.#now.get(name) ?? value) : value;
  }
}
