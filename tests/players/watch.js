// Runs in the page: plays with the page's own hls.js and measures whether there is a moving picture.

/** Samples of the picture: fine enough to see motion, coarse enough to cost nothing. */
const GRID = { width: 32, height: 18 };
/** By how much a sample's brightest channel differs before it counts as changed. */
const CHANGED = 16;

/**
 * Plays `playlist` for `seconds` of film, then goes to the portion `seek` of it, if given, and plays on.
 * With `levels` every variant of the list is played so, one after the other, from where the one before was left.
 * With `language` that sound is chosen and played on, with the first subtitles. Resolves to what was seen; never rejects.
 */
async function watch({ playlist, seconds, seek, language, levels, deadlineMs }) {
  const seen = { ok: false, errors: [], keys: 0, segments: 0, places: [] };
  const video = stage();
  const hls = new window.Hls({ keyLoadPolicy: { default: once() } });
  const gone = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`nothing to see after ${deadlineMs} ms`)), deadlineMs);
    hls.on(window.Hls.Events.ERROR, (_, data) => {
      seen.errors.push({ details: data.details, status: data.response?.code ?? 0, fatal: data.fatal });
      if (data.fatal) reject(new Error(`${data.details} (${data.response?.code ?? "no status"})`));
    });
  });
  const keys = new Set();
  hls.on(window.Hls.Events.KEY_LOADED, (_, data) => (seen.keys = keys.add(data.frag.decryptdata?.uri).size));
  hls.on(window.Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
    seen.segments++;
    // Where the first picture stands on the player's own clock.
    seen.begins ??= frag.elementaryStreams?.video?.startPTS;
  });
  const began = performance.now();
  hls.loadSource(playlist);
  hls.attachMedia(video);
  try {
    const first = nextFrame(video).then(() => (seen.first_frame_ms = Math.round(performance.now() - began)));
    await Promise.race([Promise.all([video.play(), first]), gone]);
    seen.places.push(await Promise.race([moving(video, seconds), gone]));
    const told = ({ name, lang }) => ({ name, lang });
    Object.assign(seen, { sounds: hls.audioTracks.map(told), subtitles: hls.subtitleTracks.map(told) });
    if (language) {
      const switched = new Promise((resolve) => hls.once(window.Hls.Events.AUDIO_TRACK_SWITCHED, resolve));
      hls.audioTrack = hls.audioTracks.findIndex(({ lang }) => lang === language);
      hls.subtitleTrack = 0;
      await Promise.race([switched, gone]);
      seen.places.push(await Promise.race([moving(video, seconds), gone]));
      const cue = ({ startTime, endTime, text }) => ({ startTime, endTime, text });
      seen.cues = [...video.textTracks].flatMap((track) => [...(track.cues ?? [])].map(cue));
    }
    if (levels) {
      seen.levels = [];
      for (const [at, { width, height, bitrate }] of hls.levels.entries()) {
        const changed = new Promise((resolve) => {
          hls.on(window.Hls.Events.FRAG_CHANGED, (_, { frag }) => frag.level === at && resolve());
        });
        // At the next segment, as a player does by itself when its connection changes.
        hls.nextLevel = at;
        await Promise.race([changed, gone]);
        const before = video.currentTime;
        const place = await Promise.race([moving(video, seconds), gone]);
        seen.places.push(place);
        const shown = [video.videoWidth, video.videoHeight];
        seen.levels.push({ width, height, bitrate, before, from: place.from, shown });
      }
    }
    if (seek !== undefined) {
      video.currentTime = video.duration * seek;
      seen.places.push(await Promise.race([moving(video, seconds), gone]));
    }
    seen.ok = true;
  } catch (error) {
    seen.error = error.message;
  }
  const quality = video.getVideoPlaybackQuality();
  Object.assign(seen, {
    duration: video.duration,
    width: video.videoWidth,
    height: video.videoHeight,
    frames: quality.totalVideoFrames,
    dropped: quality.droppedVideoFrames,
    audio_bytes: video.webkitAudioDecodedByteCount ?? null,
  });
  video.pause();
  return seen;
}

/** One retry: a refusal is final. */
function once() {
  const retry = { maxNumRetry: 1, retryDelayMs: 500, maxRetryDelayMs: 500 };
  return { maxTimeToFirstByteMs: 8000, maxLoadTimeMs: 20000, timeoutRetry: retry, errorRetry: retry };
}

function stage() {
  const video = document.createElement("video");
  Object.assign(video.style, {
    position: "fixed", inset: "0", width: "100vw", height: "100vh", background: "black", zIndex: "9999",
  });
  document.body.append(video);
  return video;
}

function nextFrame(video) {
  return new Promise((resolve) => video.requestVideoFrameCallback((_, frame) => resolve(frame)));
}

/** From the next frame on: `seconds` of film go by, in frames that differ. */
async function moving(video, seconds) {
  const { mediaTime: from } = await nextFrame(video);
  const before = sample(video);
  const decodedBefore = video.getVideoPlaybackQuality().totalVideoFrames;
  let frames = 1;
  let now = from;
  while (now < from + seconds) {
    now = (await nextFrame(video)).mediaTime;
    frames++;
  }
  const after = sample(video);
  return {
    from,
    to: now,
    frames,
    decoded: video.getVideoPlaybackQuality().totalVideoFrames - decodedBefore,
    pixels: before.length,
    changed: before.filter((pixel, i) => pixel.some((value, c) => Math.abs(value - after[i][c]) > CHANGED)).length,
    contrast: contrast(after),
  };
}

function sample(video) {
  const canvas = Object.assign(document.createElement("canvas"), GRID);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, GRID.width, GRID.height);
  const { data } = context.getImageData(0, 0, GRID.width, GRID.height);
  return Array.from({ length: data.length / 4 }, (_, i) => [...data.slice(i * 4, i * 4 + 3)]);
}

/** Between the darkest and the brightest sample: a blank picture has none. */
function contrast(pixels) {
  const light = pixels.map(([r, g, b]) => (r + g + b) / 3);
  return Math.round(Math.max(...light) - Math.min(...light));
}
