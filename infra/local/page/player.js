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
  const counts = { keys: 0, segments: 0 };
  hls.on(Hls.Events.KEY_LOADED, () => on.key(++counts.keys));
  hls.on(Hls.Events.FRAG_BUFFERED, () => on.segment(++counts.segments));
  hls.on(Hls.Events.MANIFEST_PARSED, () => start(video));
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (data.fatal) endSoon(video, reasonOf(data), on);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return { hls, counts, destroy: () => hls.destroy() };
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
  // Refused without a gesture in some browsers: the controls are there.
  video.play().catch(() => {});
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

function endSoon(video, reason, on) {
  on.stopping(reason);
  const buffered = () => {
    for (let i = 0; i < video.buffered.length; i++) {
      const inside = video.currentTime >= video.buffered.start(i) - 0.1;
      if (inside && video.buffered.end(i) - video.currentTime > 0.25) return true;
    }
    return false;
  };
  const check = () => {
    if (buffered() && !video.ended) return;
    for (const name of ["timeupdate", "waiting", "ended"]) video.removeEventListener(name, check);
    video.pause();
    on.stopped(reason);
  };
  for (const name of ["timeupdate", "waiting", "ended"]) video.addEventListener(name, check);
  check();
}
