// What a device keeps, for media tokens that are for one device.

const KEPT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** What is used of `localStorage`. */
export interface Keep {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

/**
 * The device's secret: 256 random bits, made up when they are first asked for. Whoever copies them is this device too:
 * they keep a token from being passed on, not a profile from being cloned.
 */
export function keptDevice(keep: Keep = globalThis.localStorage, name = "reelvault-device"): string {
  const kept = keep.getItem(name);
  if (kept !== null && KEPT.test(kept)) return kept;
  const octets = crypto.getRandomValues(new Uint8Array(32));
  const made = btoa(String.fromCharCode(...octets)).replace(/[+]/g, "-").replace(/[/]/g, "_").replace("=", "");
  keep.setItem(name, made);
  return made;
}
