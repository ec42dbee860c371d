// How often something may be tried again: the rule that no loop gets past.

import type { Clock } from "./clock.js";

/** Seconds of film between two attempts, or seconds of the clock. */
export const FILM_SECONDS = 10;
export const CLOCK_SECONDS = 60;

/**
 * The first attempt is free. Each further one needs that, since the one before took effect, 10 seconds of film were played
 * (what is skipped does not count) or 60 seconds went by: so a view that is refused at once is not opened again and again,
 * and one that was left paused for hours after a few seconds still is.
 */
export class Allowance {
  #clock: Clock;
  #since: number | undefined;
  #played = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the attempt, if there is one. */
  take(): boolean {
    const waited = this.#since === undefined ? Infinity : (this.#clock.now() - this.#since) / 1000;
    if (this.#played < FILM_SECONDS && waited < CLOCK_SECONDS) return false;
    this.settle();
    return true;
  }

  /** What was tried took effect now. */
  settle(): void {
    this.#since = this.#clock.now();
    this.#played = 0;
  }

  played(seconds: number): void {
    this.#played += seconds;
  }

  /** Somebody asked for another attempt. */
  reset(): void {
    this.#since = undefined;
    this.#played = 0;
  }
}
