// node uppy.mjs --page URL --api URL --way uppy6|uppy5|companion --small PATH --large PATH      (REELVAULT_ACCESS)
//
// Uploads films by the real Uppy in a browser, in one of three ways: version 6 and version 5 with the options of
// `clients/uppy`, and version 5 by Companion's routes. A page of its own is served under the origin of the reference page,
// which the API and the bucket know. Prints which assets came of it as JSON.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { report, withPage } from "./browser.mjs";

const { values } = parseArgs({
  options: {
    page: { type: "string" },
    api: { type: "string" },
    way: { type: "string" },
    small: { type: "string" },
    large: { type: "string" },
  },
});
const access = process.env.REELVAULT_ACCESS;
const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const EXPIRED = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";

const seen = { ok: false, steps: [], console: [] };
/** PUTs of parts by number, as they were sent, and how many were signed. */
let puts = [];
let signed = [];

async function run(page) {
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => seen.console.push(error.message));
  page.on("request", noted);
  await served(page);
  for (const step of [small, multipart, failsOnce, paused, reloaded, expired, cancelled]) {
    try {
      (puts = []), (signed = []);
      await page.goto(new URL("/uppy.html", values.page).href);
      await begin(page, step.name);
      const asset = await step(page);
      seen.steps.push({ step: step.name, asset, puts: puts.length });
    } catch (error) {
      seen.error = `${step.name}: ${error.message}`;
      seen.page = await page.evaluate(() => window.seen).catch(() => null);
      return seen;
    }
  }
  seen.ok = true;
  return seen;
}

/** The page, the bundle and the films, under the origin of the reference page. */
async function served(page) {
  const version = values.way === "uppy6" ? "uppy6" : "uppy5";
  const folder = join(root, "tests/uploaders");
  const bundle = await build({
    stdin: { contents: await readFile(join(folder, "entry.js"), "utf8"), resolveDir: join(folder, version) },
    alias: { reelvault: join(root, "clients/uppy/reelvault.js") },
    bundle: true,
    format: "iife",
    logLevel: "silent",
    write: false,
  });
  const files = {
    "/uppy.html": ["text/html", '<!doctype html><script src="/uppy.js"></script>'],
    "/uppy.js": ["text/javascript", bundle.outputFiles[0].text],
    "/small.mp4": ["video/mp4", await readFile(values.small)],
    "/large.mp4": ["video/mp4", await readFile(values.large)],
  };
  const own = (url) => url.origin === new URL(values.page).origin && url.pathname in files;
  await page.route(own, (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname];
    return route.fulfill({ contentType, body });
  });
}

function noted(request) {
  const url = new URL(request.url());
  const number = url.searchParams.get("partNumber");
  if (request.method() === "PUT") puts.push(number ?? "1");
  const asked = /\/parts$/.test(url.pathname) && request.method() === "POST" ? request.postDataJSON().part_numbers : [];
  const companion = url.pathname.match(/\/s3\/multipart\/[^/]+\/(\d+)$/);
  signed.push(...asked.map(String), ...(companion ? [companion[1]] : []));
}

const begin = (page, name) =>
  page.evaluate((wish) => window.begin(wish), { way: values.way, api: values.api, access, name });
const add = (page, film) => page.evaluate((path) => window.add(path), film);
const upload = (page) => page.evaluate(() => void uppy.upload());
const count = (all, number) => all.filter((n) => n === number).length;

/** Waits until all is uploaded; the asset. */
async function whole(page) {
  await page.waitForFunction(() => seen.complete !== undefined);
  const { complete, assets, error } = await page.evaluate(() => seen);
  check(complete && assets.length === 1, `it failed: ${error}`);
  return assets[0];
}

/** Begins the large film, and holds its second part as long as `until` is not fulfilled. */
async function beginLarge(page, second) {
  await add(page, "/large.mp4");
  let held = 0;
  const isSecond = (url) => url.searchParams.get("partNumber") === "2";
  await page.route(isSecond, (route) =>
    route.request().method() === "PUT" && held++ === 0 ? second(route) : route.continue(),
  );
  await upload(page);
}

const firstPart = (page) => page.waitForFunction(() => seen.parts === 1);

async function small(page) {
  await add(page, "/small.mp4");
  await upload(page);
  const asset = await whole(page);
  check(puts.length === 1, `${puts.length} PUTs`);
  return asset;
}

async function multipart(page) {
  await add(page, "/large.mp4");
  await upload(page);
  const asset = await whole(page);
  check(puts.length > 2 && new Set(puts).size === puts.length, `the parts ${puts}`);
  return asset;
}

async function failsOnce(page) {
  await beginLarge(page, (route) => route.abort());
  const asset = await whole(page);
  check(count(puts, "2") === 2 && count(puts, "1") === 1, `the parts ${puts}`);
  return asset;
}

async function paused(page) {
  let begun;
  const second = new Promise((resolve) => (begun = resolve));
  await beginLarge(page, begun);
  await firstPart(page);
  const route = await second;
  await page.evaluate(() => uppy.pauseAll());
  await route.abort().catch(() => {});
  check((await page.evaluate(() => seen.parts)) === 1, "it went on");
  await page.evaluate(() => uppy.resumeAll());
  const asset = await whole(page);
  check(count(puts, "2") === 2 && count(puts, "1") === 1, `the parts ${puts}`);
  return asset;
}

async function reloaded(page) {
  let begun;
  const second = new Promise((resolve) => (begun = resolve));
  await beginLarge(page, begun);
  await firstPart(page);
  // Its second part is on its way, and goes down with the page.
  await second;
  await page.waitForFunction(() => window.kept());
  const id = await page.evaluate(() => underWay());
  await page.reload();
  await begin(page, "reloaded");
  await page.waitForFunction(() => seen.restored);
  await page.evaluate(() => uppy.emit("restore-confirmed"));
  const asset = await whole(page);
  check(asset === id, "it began another upload");
  check(count(puts, "1") === 1 && count(puts, "2") === 2, `the parts ${puts}`);
  return asset;
}

/** Whether or not Uppy tries again by itself, the part is signed anew. */
async function expired(page) {
  await beginLarge(page, (route) =>
    route.fulfill({
      status: 403,
      contentType: "application/xml",
      headers: { "access-control-allow-origin": "*" },
      body: EXPIRED,
    }),
  );
  if (values.way === "uppy6") {
    await page.waitForFunction(() => seen.complete === false);
    await page.evaluate(() => {
      delete seen.complete;
      void uppy.retryAll();
    });
  }
  const asset = await whole(page);
  check(count(signed, "2") === 2, `signed ${signed}`);
  check(count(puts, "1") === 1 && count(puts, "2") === 2, `the parts ${puts}`);
  return asset;
}

async function cancelled(page) {
  await beginLarge(page, () => {});
  await firstPart(page);
  const id = await page.evaluate(() => underWay());
  const answered = page.waitForResponse((reply) => reply.request().method() === "DELETE");
  await page.evaluate(() => uppy.cancelAll());
  const status = (await answered).status();
  check(status === 200, `the API answered ${status}`);
  check(id !== undefined, "no upload was under way");
  return id;
}

function check(holds, complaint) {
  if (!holds) throw new Error(complaint);
}

await report(() => withPage(run));
