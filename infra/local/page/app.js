// Wires the page: sign in, upload, wait, watch, withdraw. `window.reelvault` is for tests and curious people.

import { access } from "./access.js";
import { account } from "./account.js";
import { Api } from "./api.js";
import { library } from "./library.js";
import { links } from "./links.js";
import { play } from "./player.js";
import { previews } from "./previews.js";
import { shared } from "./shared.js";
import { shares } from "./shares.js";
import { upload } from "./upload.js";

const $ = (id) => document.getElementById(id);
const POLL_MS = 700;
// States in which there is an original to fetch.
const HAS_ORIGINAL = new Set(["uploaded", "processing", "ready"]);
const FINAL = new Set(["ready", "failed", "withdrawn"]);

const { api: base } = await (await fetch("/config.json")).json();
const api = new Api(base);
const now = { assetId: null, state: "none", playback: null, player: null, stopped: null, lastError: null };
const started = performance.now();

function say(kind, text) {
  const message = $("message");
  message.hidden = !text;
  message.dataset.kind = kind;
  message.textContent = text;
}

function log(text, bad = false) {
  const item = document.createElement("li");
  item.classList.toggle("bad", bad);
  const time = document.createElement("time");
  time.textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  item.append(Object.assign(document.createElement("span"), { textContent: text }), time);
  $("log").prepend(item);
}

function showState(state, reason) {
  if (state !== now.state) log(`film ${state}`, state === "failed");
  now.state = state;
  $("state").dataset.state = state;
  $("state").textContent = state;
  $("watch").disabled = state !== "ready";
  $("download").disabled = !HAS_ORIGINAL.has(state);
  $("withdraw").disabled = !now.assetId || state === "withdrawn";
  if (state === "failed") say("error", reason ? `The film was not packaged: ${reason}` : "The film was not packaged.");
}

function curtain(text) {
  $("curtain").hidden = !text;
  $("curtain").classList.add("veil");
  $("curtain").textContent = text ?? "";
}

/** Runs one of a person's wishes: its button rests meanwhile, and its failure is shown. */
async function wish(button, work) {
  button.disabled = true;
  say("info", "");
  try {
    return await work();
  } catch (error) {
    now.lastError = { message: error.message, status: error.status, code: error.code };
    say("error", error.message);
    log(error.message, true);
    // Who holds the link of a share has no session to lose.
    if (!api.signedIn && document.body.dataset.view !== "share") document.body.dataset.view = "signed-out";
    return undefined;
  } finally {
    button.disabled = button === $("watch") && now.state !== "ready";
    if (button === $("download")) button.disabled = !HAS_ORIGINAL.has(now.state);
    if (button === $("withdraw")) button.disabled = !now.assetId || now.state === "withdrawn";
  }
}

async function signIn(email, password) {
  $("who").textContent = email;
  now.factor = await api.signIn(email, password);
  $("password").value = "";
  if (now.factor?.enrol) say("error", "Your organisation asks for a second factor: enrol one with its help first.");
  else if (now.factor) show("factor");
  else signedIn();
}

async function secondFactor(answer) {
  await api.secondFactor(now.factor.token, answer);
  $("factor-code").value = "";
  signedIn();
}

function signedIn() {
  show("signed-in");
  log("signed in");
  // Whatever becomes of the list, the session is there.
  void wish($("library-find"), films.find);
}

function show(view) {
  document.body.dataset.view = view;
}

async function sendFilm(file, title) {
  const begun = performance.now();
  const assetId = await upload(api, file, title, {
    onBegin(id, parts) {
      now.assetId = id;
      $("asset").value = id;
      log(parts === 1 ? "upload signed" : `upload signed: ${parts} parts`);
      showState("uploading");
    },
    onProgress(sent) {
      $("progress").value = file.size ? sent / file.size : 1;
      const seconds = (performance.now() - begun) / 1000;
      $("speed").textContent = `${megabytes(sent)} of ${megabytes(file.size)} MB · ${megabytes(sent / seconds)} MB/s`;
    },
  });
  log("upload complete");
  await untilFinal(assetId);
  await films.find();
  return assetId;
}

/** Polls until the film is ready, failed or withdrawn, or another film is looked at. */
async function untilFinal(assetId) {
  now.assetId = assetId;
  for (;;) {
    const { state, reason } = await api.call("GET", `/v1/uploads/${encodeURIComponent(assetId)}`);
    if (now.assetId !== assetId) return state;
    showState(state, reason);
    if (FINAL.has(state)) {
      await films.show(assetId);
      await rights.show(assetId);
      await handedOut.show(assetId);
      return state;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function watch(assetId = now.assetId) {
  return begin(assetId, () => api.mediaToken(assetId));
}

/** Spends a media token on a view, and plays it. */
async function begin(assetId, tokenOf) {
  now.player?.destroy();
  Object.assign(now, { player: null, playback: null, stopped: null });
  for (const id of ["keys", "segments"]) $(id).textContent = "0";
  const token = await tokenOf();
  log("media token: one view");
  now.playback = await api.openPlayback(assetId, token);
  log("playback session opened");
  curtain(null);
  const places = { video: $("video"), strip: $("strip"), glimpse: $("glimpse") };
  // The film plays without them.
  previews(places, now.playback.previews).catch(() => log("the previews were refused", true));
  now.player = play($("video"), now.playback.playlist_url, {
    key: (count) => ($("keys").textContent = count),
    segment: (count) => ($("segments").textContent = count),
    stopping: (reason) => log(`${reason.what}${reason.status ? ` (${reason.status})` : ""}`, true),
    stopped(reason) {
      now.stopped = reason;
      const status = reason.status ? ` (HTTP ${reason.status})` : "";
      say("error", `Playback stopped: ${reason.what}${status}.`);
      curtain(`Playback stopped: ${reason.what}.`);
    },
  });
  return now.playback;
}

/** Spends a media token on a copy; the browser saves it, and may resume. */
async function download(assetId = now.assetId) {
  const { url, filename } = await api.openDownload(assetId, await api.mediaToken(assetId, "download"));
  log(`download signed: ${filename}`);
  const link = Object.assign(document.createElement("a"), { href: url, rel: "noreferrer" });
  document.body.append(link);
  link.click();
  link.remove();
}

async function withdraw(assetId = now.assetId) {
  await api.call("POST", `/v1/assets/${encodeURIComponent(assetId)}/withdraw`);
  showState("withdrawn");
  await Promise.all([films.show(assetId), films.find()]);
  say("success", "Withdrawn: no key is given any more. What is buffered plays out, then the picture stops.");
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

function choose(file) {
  $("file-name").textContent = file ? `${file.name} · ${megabytes(file.size)} MB` : "Choose or drop an MP4 or MOV";
  if (file && !$("title").value) $("title").value = file.name.replace(/\.[^.]+$/, "");
}

function on(id, event, handler) {
  $(id).addEventListener(event, (e) => {
    e.preventDefault();
    handler(e);
  });
}

on("sign-in-form", "submit", () => wish($("sign-in"), () => signIn($("email").value, $("password").value)));
on("upload-form", "submit", () => wish($("upload"), () => sendFilm($("file").files[0], $("title").value)));
on("open-form", "submit", () => wish($("open"), () => untilFinal($("asset").value.trim())));
on("watch", "click", () => wish($("watch"), () => watch()));
on("download", "click", () => wish($("download"), () => download()));
on("withdraw", "click", () => wish($("withdraw"), () => withdraw()));
on("factor-form", "submit", () => wish($("factor"), () => secondFactor($("factor-code").value)));
on("sign-out", "click", () => wish($("sign-out"), () => api.signOut()).finally(() => location.reload()));
const rights = access({ $, api, on, say, wish });
const handedOut = shares({ $, api, on, say, wish });
const films = library({ $, api, on, say, wish, open: untilFinal });
account({ $, api, on, say, show, wish });
links({ $, api, on, say, show, wish });
shared({ $, api, on, show, wish, begin });
on("drop", "dragover", () => $("drop").classList.add("over"));
on("drop", "dragleave", () => $("drop").classList.remove("over"));
on("drop", "drop", (event) => {
  $("drop").classList.remove("over");
  $("file").files = event.dataTransfer.files;
  choose($("file").files[0]);
});
$("file").addEventListener("change", () => choose($("file").files[0]));
$("video").addEventListener("timeupdate", () => ($("position").textContent = clock($("video").currentTime)));

window.reelvault = { now, api, signIn, secondFactor, upload: sendFilm, untilFinal, watch, download, withdraw };
document.body.dataset.ready = "true";
