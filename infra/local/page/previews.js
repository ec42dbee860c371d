// What is shown beside a film: its poster, and what it looks like where the pointer is on the strip below it.

/** Shows the previews of a view in `video` and on `strip`; takes those of the view before away. */
export async function previews({ video, strip, glimpse }, told) {
  video.removeAttribute("poster");
  strip.hidden = glimpse.hidden = true;
  strip.onpointermove = strip.onpointerleave = strip.onclick = null;
  if (told?.poster) video.poster = told.poster;
  if (!told?.storyboard) return;
  const reply = await fetch(told.storyboard, { cache: "no-store", referrerPolicy: "no-referrer" });
  if (!reply.ok) return;
  const cues = parse(await reply.text(), told.storyboard);
  const length = cues.at(-1)?.end ?? 0;
  if (length === 0) return;
  const at = (event) => {
    const { left, width } = strip.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1);
  };
  strip.onpointermove = (event) => {
    const part = at(event);
    const cue = cues.find(({ end }) => part * length < end) ?? cues.at(-1);
    const { x, y, width, height, sheet } = cue;
    Object.assign(glimpse.style, {
      left: `${part * 100}%`, width: `${width}px`, height: `${height}px`,
      backgroundImage: `url("${sheet}")`, backgroundPosition: `-${x}px -${y}px`,
    });
    glimpse.dataset.begin = cue.begin;
    glimpse.hidden = false;
  };
  strip.onpointerleave = () => { glimpse.hidden = true; };
  strip.onclick = (event) => { video.currentTime = at(event) * length; };
  strip.hidden = false;
}

/** Cues of WebVTT whose text is `name.jpg#xywh=x,y,width,height`, relative to where the text is. */
function parse(text, base) {
  const seconds = (time) => time.split(":").reduce((all, part) => all * 60 + Number(part), 0);
  return text.split("\n\n").flatMap((cue) => {
    const [, begin, end, name, ...place] = /^(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/.exec(cue) ?? [];
    if (!name) return [];
    const [x, y, width, height] = place.map(Number);
    return [{ begin: seconds(begin), end: seconds(end), sheet: new URL(name, base).href, x, y, width, height }];
  });
}
