// Runs in the page: one player, one film. Resolves to what was seen; never rejects.

/** Plays `playlist` with `player`, seeks to near its end and plays on. */
async function cell({ player, playlist, cookiesUrl, credentials, deadlineMs }) {
  const seen = {};
  const video = document.querySelector("video");
  const failed = new Promise((_, reject) => {
    setTimeout(() => reject(new Error("nothing to see in time")), deadlineMs);
    video.addEventListener("error", () => reject(new Error(`media error ${video.error?.code}`)));
    (async () => {
      if (cookiesUrl) {
        const headers = { "content-type": "application/json" };
        const reply = await fetch(cookiesUrl, { method: "POST", credentials: "include", headers, body: "{}" });
        if (!reply.ok) throw new Error(`no cookies: ${reply.status}`);
      }
      await PLAYERS[player](video, playlist, credentials, reject);
    })().catch(reject);
  });
  try {
    await Promise.race([moves(video), failed]);
    seen.started = true;
    video.currentTime = video.duration * 0.9;
    await Promise.race([moves(video), failed]);
    seen.sought = true;
  } catch (error) {
    seen.error = error.message;
  }
  return seen;
}

/** A second of film goes by. */
async function moves(video) {
  const began = await frame(video);
  while ((await frame(video)) < began + 1) await new Promise(requestAnimationFrame);
}

function frame(video) {
  return new Promise((resolve) => video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime)));
}

const PLAYERS = {
  async "hls.js"(video, playlist, credentials, reject) {
    const once = { maxNumRetry: 1, retryDelayMs: 200, maxRetryDelayMs: 200 };
    const policy = { default: { maxTimeToFirstByteMs: 8000, maxLoadTimeMs: 20000, timeoutRetry: once, errorRetry: once } };
    const hls = new window.Hls({
      keyLoadPolicy: policy,
      xhrSetup: (xhr) => (xhr.withCredentials = credentials),
    });
    hls.on(window.Hls.Events.ERROR, (_, { fatal, details, response }) => fatal && reject(new Error(`${details} ${response?.code ?? ""}`)));
    hls.loadSource(playlist);
    hls.attachMedia(video);
    await video.play();
  },
  async shaka(video, playlist, credentials, reject) {
    window.shaka.polyfill.installAll();
    const player = new window.shaka.Player();
    await player.attach(video);
    const told = (error) => new Error(`shaka ${error.code} ${error.data?.[1] ?? ""}`);
    player.addEventListener("error", ({ detail }) => reject(told(detail)));
    player.getNetworkingEngine().registerRequestFilter((_, request) => (request.allowCrossSiteCredentials = credentials));
    await player.load(playlist).catch((error) => {
      throw told(error);
    });
    await video.play();
  },
  async vhs(video, playlist, credentials, reject) {
    const html5 = { vhs: { overrideNative: true, withCredentials: credentials }, nativeAudioTracks: false, nativeVideoTracks: false };
    const player = window.videojs(video, { html5, autoplay: true, muted: true });
    player.on("error", () => reject(new Error(`video.js ${player.error()?.code}`)));
    player.src({ src: playlist, type: "application/vnd.apple.mpegurl", withCredentials: credentials });
  },
  async native(video, playlist, credentials) {
    if (credentials) video.crossOrigin = "use-credentials";
    video.src = playlist;
    await video.play();
  },
};
