// node account.mjs --page URL     (REELVAULT_EMAIL, REELVAULT_PASSWORD, REELVAULT_MAIL: base of the local cloud's mailboxes)
//
// Goes through a person's own account on the reference page: enrols an authenticator app from the secret that is
// shown, signs in with its code, looks at the sessions and ends another, and resets a forgotten password by the
// link that was mailed. Prints what was seen as JSON.

import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";
import { report, withPage } from "./browser.mjs";

const { values } = parseArgs({ options: { page: { type: "string" } } });
const { REELVAULT_EMAIL: email, REELVAULT_PASSWORD: password, REELVAULT_MAIL: mail } = process.env;
const NEW_PASSWORD = "quarry lantern beside seven herons";
const MAIL_MS = 60_000;

const seen = { ok: false, steps: [] };
let secret;
let lastStep = 0;

await report(() => withPage(run, { width: 1280, height: 1000 }));

async function run(page) {
  page.setDefaultTimeout(30_000);
  try {
    await page.goto(values.page);
    await page.waitForSelector("body[data-ready=true]");
    for (const step of [otherDevice, signIn, enrol, signOut, signInWithCode, sessions, endOthers, forgot, reset, signInAgain]) {
      seen.steps.push({ step: step.name, ...(await step(page)) });
    }
    seen.ok = true;
  } catch (error) {
    seen.error = error.message;
    seen.message = await page.textContent("#message").catch(() => null);
  }
  return seen;
}

/** A session on another device, to be ended later. */
async function otherDevice(page) {
  const { api } = await (await page.request.get(new URL("/config.json", values.page).href)).json();
  const reply = await page.request.post(`${api}/v1/login`, {
    data: { email, password },
    headers: { "user-agent": "Lost phone" },
  });
  check(reply.ok(), `the other device signs in with ${reply.status()}`);
  return {};
}

async function fillSignIn(page, word) {
  await page.fill("#email", email);
  await page.fill("#password", word);
  await page.click("#sign-in");
}

async function signIn(page) {
  await fillSignIn(page, password);
  await page.waitForSelector("body[data-view=signed-in]");
  return {};
}

async function enrol(page) {
  await page.click("#account-open");
  await page.waitForFunction(() => document.getElementById("totp-state").textContent);
  await page.click("#totp-begin");
  await page.waitForSelector("#totp-form:not([hidden])");
  secret = await page.textContent("#totp-secret");
  check(await page.evaluate(() => document.getElementById("totp-qr").decode().then(() => true)), "no QR picture");
  await page.fill("#totp-code", await code());
  await page.click("#totp-confirm");
  await page.waitForSelector("#recovery:not([hidden])");
  return { recoveryCodes: await page.locator("#recovery-codes li").count() };
}

async function signOut(page) {
  await Promise.all([page.waitForEvent("load"), page.click("#sign-out")]);
  await page.waitForSelector("body[data-ready=true]");
  return {};
}

async function signInWithCode(page) {
  await fillSignIn(page, password);
  await page.waitForSelector("body[data-view=factor]");
  await page.fill("#factor-code", await code());
  await page.click("#factor");
  await page.waitForSelector("body[data-view=signed-in]");
  return {};
}

async function sessions(page) {
  await page.click("#account-open");
  await page.waitForSelector("#sessions li");
  const lines = await page.locator("#sessions li").allTextContents();
  check(lines.some((line) => line.startsWith("Lost phone")), `the sessions are ${lines.join(" | ")}`);
  check(lines.filter((line) => line.includes("this one")).length === 1, "one is this one");
  return { sessions: lines.length };
}

async function endOthers(page) {
  await page.click("#sessions-end");
  await page.waitForFunction(() => document.querySelectorAll("#sessions li").length === 1);
  return {};
}

async function forgot(page) {
  await signOut(page);
  await page.goto(`${values.page}/#/forgot`);
  await page.waitForSelector("body[data-view=forgot]");
  await page.fill("#forgot-email", email);
  await page.click("#forgot");
  await page.waitForSelector("#message[data-kind=success]");
  return { message: await page.textContent("#message") };
}

async function reset(page) {
  const link = await mailed(/^\S*#\/reset\?token=\S+$/m);
  await page.goto("about:blank");
  await page.goto(link);
  await page.waitForSelector("body[data-view=link]");
  check(!page.url().includes("token"), "the token stays in the address bar");
  await page.fill("#new-password", NEW_PASSWORD);
  await page.click("#link");
  await page.waitForSelector("body[data-view=signed-out]");
  return {};
}

async function signInAgain(page) {
  await fillSignIn(page, NEW_PASSWORD);
  await page.waitForSelector("body[data-view=factor]");
  await page.fill("#factor-code", await code());
  await page.click("#factor");
  await page.waitForSelector("body[data-view=signed-in]");
  return {};
}

/** A link in the newest mail to the person, once it is there. */
async function mailed(pattern) {
  const until = Date.now() + MAIL_MS;
  for (;;) {
    const { messages } = await (await fetch(`${mail}/_aws/ses`)).json();
    const theirs = messages.filter((m) => m.Destination.ToAddresses.includes(email));
    const links = theirs.map((m) => m.Body.text_part.match(pattern)?.[0]).filter(Boolean);
    if (links.length) return links.at(-1);
    check(Date.now() < until, "no link was mailed");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** RFC 6238 with SHA-1, six digits and 30 seconds: a code of a step that was not used before. */
async function code() {
  let step = Math.floor(Date.now() / 30_000);
  // A step is good once; the one ahead is accepted as well, and past that one has to wait for the clock.
  if (step <= lastStep) step = lastStep + 1;
  while (step > Math.floor(Date.now() / 30_000) + 1) await new Promise((resolve) => setTimeout(resolve, 250));
  lastStep = step;
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", base32(secret)).update(counter).digest();
  const at = digest[19] & 15;
  const number = (digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, "0");
}

function base32(text) {
  const bits = [...text.replace(/\s/g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((octet) => Number.parseInt(octet, 2)));
}

function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
