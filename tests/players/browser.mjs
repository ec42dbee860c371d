// A headless Chromium for the demo and the tests: the system's own, never a download.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const QUIET = [
  "--autoplay-policy=no-user-gesture-required",
  "--disable-background-networking",
  "--disable-component-update",
  // A page that the driver itself answers with lies at no address; it may talk to the local cloud all the same.
  "--disable-features=LocalNetworkAccessChecks",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/** Runs `work(page)` on a fresh page and ends the browser, whatever happens. */
export async function withPage(work, { width = 1280, height = 720 } = {}) {
  const browser = await chromium.launch({
    executablePath: found(),
    headless: true,
    args: QUIET,
    // A proxy for the world outside is not for the local cloud.
    env: { ...process.env, NO_PROXY: "127.0.0.1,localhost" },
  });
  try {
    const page = await browser.newPage({ viewport: { width, height } });
    return await work(page);
  } finally {
    await browser.close();
  }
}

function found() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error(`none of ${NAMES.join(", ")} is on PATH`);
}

/** Prints what `work` resolves to as JSON; a failure is JSON too, and a status of 1. */
export async function report(work) {
  let facts;
  try {
    facts = await work();
  } catch (error) {
    facts = { ok: false, error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(facts)}\n`);
  process.exitCode = facts.ok ? 0 : 1;
}
