// node play.mjs --page URL --playlist URL [--screenshot PATH] [--seconds 2] [--seek 0.9]
//   [--language de] [--levels]
//
// Plays a playlist with hls.js in headless Chromium, on the origin of `--page`, which brings its own hls.js
// (`window.Hls`) and its content security policy. Prints what was seen as JSON; `ok` says whether the
// picture moved. Status 1 if it did not.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { report, withPage } from "./browser.mjs";

/** Frames a second below which it is a slide show. */
const LEAST_RATE = 5;
const DEADLINE_MS = 45_000;

const { values } = parseArgs({
  options: {
    page: { type: "string" },
    playlist: { type: "string" },
    screenshot: { type: "string" },
    seconds: { type: "string", default: "2" },
    seek: { type: "string" },
    language: { type: "string" },
    levels: { type: "boolean" },
  },
});

await report(() => withPage(run));

async function run(page) {
  const script = await readFile(new URL("./watch.js", import.meta.url), "utf8");
  await page.goto(values.page);
  await page.waitForFunction(() => window.Hls?.isSupported());
  const wish = {
    playlist: values.playlist,
    seconds: Number(values.seconds),
    seek: values.seek === undefined ? undefined : Number(values.seek),
    language: values.language,
    levels: values.levels,
    deadlineMs: DEADLINE_MS,
  };
  const seen = await page.evaluate(`(() => { ${script}; return watch(${JSON.stringify(wish)}); })()`);
  if (values.screenshot) await page.screenshot({ path: values.screenshot });
  const still = seen.places.find((place) => !moves(place));
  if (still) Object.assign(seen, { ok: false, error: `the picture did not move: ${JSON.stringify(still)}` });
  return seen;
}

function moves({ from, to, decoded, changed, contrast }) {
  return decoded >= (to - from) * LEAST_RATE && changed >= 10 && contrast >= 32;
}
