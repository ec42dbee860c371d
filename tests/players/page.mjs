// node page.mjs --page URL --film PATH [--screenshot PATH]     (REELVAULT_EMAIL, REELVAULT_PASSWORD)
//
// Goes through the reference page as a person does: signs in, uploads a film with a progress bar, renames and finds
// it in the library, says who may see it, shares it by a link that somebody else opens and that is revoked, downloads it, watches it, withdraws it, and finds that it stops. The film is longer than one key period, so that a part of it
// needs a key that was not fetched before the withdrawal. Prints what was seen as JSON.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { report, withPage } from "./browser.mjs";

const { values } = parseArgs({
  options: { page: { type: "string" }, film: { type: "string" }, screenshot: { type: "string" } },
});
const { REELVAULT_EMAIL: email, REELVAULT_PASSWORD: password } = process.env;
const PACKAGING_MS = 120_000;

const seen = { ok: false, steps: [], console: [] };

await report(() => withPage(run, { width: 1280, height: 860 }));

async function run(page) {
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => message.type() === "error" && seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(error.message));
  try {
    await page.goto(values.page);
    await page.waitForSelector("body[data-ready=true]");
    for (const step of [refusedSignIn, signIn, upload, library, access, share, download, watch, withdraw]) {
      const began = performance.now();
      const facts = await step(page);
      seen.steps.push({ step: step.name, ms: Math.round(performance.now() - began), ...facts });
    }
    seen.ok = true;
  } catch (error) {
    seen.error = error.message;
    seen.message = await page.textContent("#message").catch(() => null);
    if (values.screenshot) await page.screenshot({ path: values.screenshot }).catch(() => {});
  }
  return seen;
}

async function refusedSignIn(page) {
  await page.fill("#email", email);
  await page.fill("#password", "not the password of anyone");
  await page.click("#sign-in");
  await page.waitForSelector("#message[data-kind=error]");
  return { message: await page.textContent("#message") };
}

async function signIn(page) {
  await page.fill("#email", email);
  await page.fill("#password", password);
  await page.click("#sign-in");
  await page.waitForSelector("body[data-view=signed-in]");
  return { who: await page.textContent("#who") };
}

async function upload(page) {
  await page.evaluate(() => {
    window.portions = [];
    const bar = document.getElementById("progress");
    new MutationObserver(() => window.portions.push(bar.value)).observe(bar, { attributes: true });
  });
  await page.setInputFiles("#file", values.film);
  await page.click("#upload");
  await page.waitForSelector("#state[data-state=ready], #state[data-state=failed]", { timeout: PACKAGING_MS });
  const state = await page.textContent("#state");
  const portions = await page.evaluate(() => window.portions);
  const rises = portions.every((portion, i) => i === 0 || portion >= portions[i - 1]);
  check(state === "ready", `the film is ${state}`);
  check(portions.length > 0 && portions.at(-1) === 1 && rises, `the bar went ${portions.join(", ")}`);
  return { state, bar: portions.length };
}

async function library(page) {
  const title = "Renamed by its owner";
  const listed = (state) => page.waitForFunction(
    ({ title, state }) => {
      const items = [...document.querySelectorAll("#library li")];
      return items.length === 1 && items[0].querySelector("button").textContent === title && items[0].querySelector(".state").textContent === state;
    },
    { title, state },
  );
  await page.fill("#film-title", title);
  await page.click("#rename");
  await page.waitForSelector("#message[data-kind=success]");
  await page.fill("#library-title", "RENAMED by");
  await page.selectOption("#library-state", "failed");
  await page.click("#library-find");
  await page.waitForSelector("#library-none:not([hidden])");
  check((await page.locator("#library li").count()) === 0, "a film of another state is listed");
  await page.selectOption("#library-state", "ready");
  await page.click("#library-find");
  await listed("ready");
  await page.fill("#film-title", "not saved");
  await page.click("#library button");
  await page.waitForFunction((title) => document.getElementById("film-title").value === title, title);
  return { title };
}

async function access(page) {
  const entries = (count) => page.waitForFunction((count) => document.querySelectorAll("#access-entries li").length === count, count);
  const recorded = (count) => page.waitForFunction(
    (count) => [...document.querySelectorAll("#record strong")].filter((event) => event.textContent === "asset.access_changed").length === count,
    count,
  );
  await page.selectOption("#access-visibility", "restricted");
  await recorded(1);
  await page.fill("#access-principal", "role:viewer");
  await page.selectOption("#access-level", "download");
  await page.click("#grant");
  await entries(1);
  await recorded(2);
  const granted = await page.textContent("#access-entries span");
  check(granted === "role:viewer: download", `granted is ${granted}`);
  await page.fill("#access-principal", "everyone");
  await page.click("#grant");
  await page.waitForSelector("#message[data-kind=error]");
  await page.click("#access-entries button");
  await entries(0);
  await recorded(3);
  return { granted };
}

/** Somebody without an account watches by a link with a password, until it is revoked. */
async function share(page) {
  const secret = "open sesame";
  await page.fill("#share-name", "For review");
  await page.fill("#share-views", "1");
  await page.fill("#share-secret", secret);
  await page.click("#share");
  await page.waitForSelector("#share-told:not([hidden])");
  const link = await page.inputValue("#share-link");
  check(link.includes("/#/share?token=rvs_"), "the link has no token in its fragment");
  const other = await page.context().browser().newPage();
  try {
    other.setDefaultTimeout(30_000);
    await other.goto(link);
    await other.waitForSelector("body[data-view=share]");
    check(!other.url().includes("token"), "the token stays in the address bar");
    await other.click("#share-watch");
    await other.waitForSelector("#share-guard:not([hidden])");
    await other.fill("#share-password", "open says me");
    await other.click("#share-watch");
    await other.waitForSelector("#message[data-kind=error]");
    await other.fill("#share-password", secret);
    await other.click("#share-watch");
    await other.waitForFunction(() => document.getElementById("video").currentTime > 1);
    await page.click("#shares button");
    await page.waitForFunction(() => document.querySelector("#shares span").textContent.includes("revoked"));
    await other.evaluate(() => {
      const video = document.getElementById("video");
      video.currentTime = video.duration - 2;
    });
    await other.waitForFunction(() => window.reelvault.now.stopped);
    const stopped = await other.evaluate(() => window.reelvault.now.stopped);
    check(stopped.details === "keyLoadError" && stopped.status === 401, `it stopped by ${JSON.stringify(stopped)}`);
    return { stopped };
  } finally {
    await other.close();
  }
}

/** The original is saved as it is, under the name that the film has. */
async function download(page) {
  const begun = page.waitForEvent("download");
  await page.click("#download");
  const saved = await begun;
  const digest = async (path) => createHash("sha256").update(await readFile(path)).digest("hex");
  const [original, copy] = await Promise.all([digest(values.film), digest(await saved.path())]);
  check(copy === original, "the copy is another file");
  const name = saved.suggestedFilename();
  check(name === "Renamed by its owner.mp4", `it is saved as ${name}`);
  return { name };
}

async function watch(page) {
  await page.click("#watch");
  await page.waitForFunction(() => {
    const video = document.getElementById("video");
    return video.currentTime > 2 && video.getVideoPlaybackQuality().totalVideoFrames > 20;
  });
  if (values.screenshot) await page.screenshot({ path: values.screenshot });
  return page.evaluate(() => ({
    keys: Number(document.getElementById("keys").textContent),
    segments: Number(document.getElementById("segments").textContent),
    duration: document.getElementById("video").duration,
  }));
}

async function withdraw(page) {
  await page.click("#withdraw");
  await page.waitForSelector("#state[data-state=withdrawn]");
  // On to a part of the film whose key was not fetched yet.
  await page.evaluate(() => {
    const video = document.getElementById("video");
    video.currentTime = video.duration - 2;
  });
  await page.waitForFunction(() => window.reelvault.now.stopped);
  const stopped = await page.evaluate(() => window.reelvault.now.stopped);
  check(stopped.details === "keyLoadError" && stopped.status === 403, `it stopped by ${JSON.stringify(stopped)}`);
  check(await page.evaluate(() => document.getElementById("video").paused), "the picture goes on");
  return { stopped, curtain: await page.textContent("#curtain") };
}

function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
