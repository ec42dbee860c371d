// Playback: hls.js where media source extensions exist, the browser's own player elsewhere.

/** One retry for a key: a refusal is final, and more would only load the key function. */
const once = { maxNumRetry: 1, retryDelayMs: 1000, maxRetryDelayMs: 1000 };
const KEY_POLICY = {
  default: { maxTimeToFirstByteMs: 8000, maxLoadTimeMs: 20000, timeoutRetry: once, errorRetry: once },
};

/**
 * Plays `url` in `video`. `on` has key(count), segment(count), stopping(reason) and stopped(reason): after
 * a fatal error the picture runs on until the buffer is empty.
 */
export function play(video, url, on) {
  if (window.Hls?.isSupported()) return playWithHls(video, url, on);
  if (video.canPlayType("application/vnd.apple.mpegurl")) return playNatively(video, url, on);
  throw new Error("This browser cannot play HLS.");
}

function playWithHls(video, url, on) {
  const { Hls } = window;
  // A short buffer, so that a revocation shows soon.
  const hls = new Hls({ keyLoadPolicy: KEY_POLICY, maxBufferLength: 12, maxMaxBufferLength: 20 });
  const keys = new Set();
  let segments = 0;
  hls.on(Hls.Events.KEY_LOADED, (_, data) => {
    // Told for every segment, cached keys too: only new addresses were fetched.
    on.key(keys.add(data.frag.decryptdata?.uri).size);
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => on.segment(++segments));
  hls.on(Hls.Events.MANIFEST_PARSED, () => start(video));
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (data.fatal) endSoon(video, reasonOf(data), on);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return { hls, destroy: () => hls.destroy() };
}

function playNatively(video, url, on) {
  const failed = () => on.stopped({ what: "the player failed", code: video.error?.code });
  video.addEventListener("error", failed);
  video.src = url;
  start(video);
  return {
    destroy() {
      video.removeEventListener("error", failed);
      video.removeAttribute("src");
      video.load();
    },
  };
}

function start(video) {
  // Sound needs a gesture in most browsers; without one the picture starts silently.
  video.play().catch(() => {
    video.muted = true;
    return video.play().catch(() => {});
  });
}

function reasonOf(data) {
  const status = data.response?.code ?? 0;
  const what = {
    keyLoadError: "the key was refused",
    fragLoadError: "a segment was refused",
    manifestLoadError: "the playlist was refused",
    levelLoadError: "the playlist was refused",
  }[data.details];
  return { what: what ?? data.details, status, details: data.details };
}

/** Players stall a little before the end of what they have, and at times for want of CPU. */
const TAIL_SECONDS = { timeupdate: 0.5, waiting: 2 };

function endSoon(video, reason, on) {
  on.stopping(reason);
  const events = ["timeupdate", "waiting", "ended"];
  const check = (event) => {
    const tail = TAIL_SECONDS[event?.type] ?? 0;
    if (!video.ended && secondsAhead(video) > tail) return;
    for (const name of events) video.removeEventListener(name, check);
    video.pause();
    on.stopped(reason);
  };
  for (const name of events) video.addEventListener(name, check);
  check();
}

/** How much is buffered from where the picture is. */
function secondsAhead(video) {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i++) {
    const inside = currentTime >= buffered.start(i) - 0.1 && currentTime <= buffered.end(i);
    if (inside) return buffered.end(i) - currentTime;
  }
  return 0;
}
