// Two videos under a wipe that the reader moves: they play in step, also in a page saved as HTML.

import { dataUri } from '../base/data-uri.js';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import { html, trusted } from '../report/html.js';
import type { VideoInput } from '../video/read/video.js';
import { repeatable } from '../video/read/video-input.js';
import { figure } from './figure.js';
import { sourceFrames } from './frame-source.js';
import { bundleOf, type Display } from './mime-bundle.js';
import { pageId } from './page-id.js';
import { showGrid } from './show-grid.js';
import type { ShowSettings } from './show-options.js';
import { encoded } from './show-video.js';

/**
 * Two videos of one size, such as a source and a result.
 *
 * @inline
 */
export interface ShownComparison {
  readonly compare: readonly [VideoInput, VideoInput];
  /** A label for each. */
  readonly labels?: readonly [string, string];
  /** Frames per second; by default those of the first video with a rate, or 12. */
  readonly frameRate?: number;
}

/**
 * Follows the range and the first video. The second one lies over the first and is clipped to the right of the line; it is
 * brought to the first one's time whenever they are apart by more than half a frame.
 */
const SCRIPT = `const place = document.getElementById(id);
const [first, second] = place.querySelectorAll('video');
const [range, play] = place.querySelectorAll('input, button');
const line = place.querySelector('i');
const wipe = () => {
  second.style.clipPath = 'inset(0 0 0 ' + range.value + '%)';
  line.style.left = range.value + '%';
};
const follow = () => {
  if (Math.abs(second.currentTime - first.currentTime) > 0.04) second.currentTime = first.currentTime;
  requestAnimationFrame(follow);
};
range.addEventListener('input', wipe);
first.addEventListener('play', () => { void second.play(); play.textContent = 'Pause'; });
first.addEventListener('pause', () => { second.pause(); play.textContent = 'Play'; });
play.addEventListener('click', () => (first.paused ? first.play() : first.pause()));
wipe();
follow();`;

/**
 * The comparison in every format: for readers without scripts, the videos beside each other.
 *
 * @throws UsageError when a video does not exist, or they differ in size
 */
export async function showCompare(
  { compare, labels = ['', ''], frameRate }: ShownComparison,
  settings: ShowSettings,
): Promise<Display> {
  if (compare.length !== 2 || labels.length !== 2) {
    throw new UsageError(`show: there are ${compare.length} videos to compare; give two, and a label for each or none`);
  }
  const videos = await Promise.all(compare.map((each) => repeatable(each)));
  const grid = await showGrid({ grid: videos, columns: 2, ...given({ frameRate }), labels }, settings);
  const { width = 512, caption } = settings;
  const sources: string[] = [];
  const timing = given({ frameRate });
  for (const each of videos) {
    const source = await sourceFrames(each);
    const { file } = await encoded(source.frames, frameRate === undefined ? source : timing, 'compared', settings);
    if (file === undefined || !('data' in file)) throw new Error('a video that was encoded has its bytes');
    sources.push(dataUri('video/mp4', file.data));
  }
  const id = pageId('compare');
  const video = 'display: block; width: 100%;';
  const label = 'position: absolute; top: 6px; padding: 1px 7px; border-radius: 4px; background: #0009; color: #fff;';
  const named = labels.map((text, i) => {
    return text !== '' && html`<span style="${`${label} ${i === 0 ? 'left' : 'right'}: 6px`}">${text}</span>`;
  });
  const markup = html`<div id="${id}" style="width: ${width}px; max-width: 100%">
<div style="position: relative; overflow: hidden"><video loop muted autoplay playsinline style="${video}" src="${sources[0]}"></video>
<video loop muted playsinline style="${video} position: absolute; inset: 0; clip-path: inset(0 0 0 50%)" src="${sources[1]}"></video>
<i style="position: absolute; top: 0; bottom: 0; left: 50%; width: 2px; margin-left: -1px; background: #fff"></i>${named}</div>
<div style="display: flex; gap: 0.6em; align-items: center"><input type="range" min="0" max="100" value="50" aria-label="wipe" style="flex: 1"><button type="button" style="width: 5em">Play</button></div>
</div><script>(() => { const id = '${trusted(id)}'; ${trusted(SCRIPT)} })();<\/script>`;
  const text = [labels.filter(Boolean).join(' | ') || 'two videos', caption].filter((each) => each !== undefined);
  const picture = Object.entries(grid.bundle).filter(([type]) => type.startsWith('image/'));
  return {
    bundle: { ...bundleOf(text.join('\n'), figure(markup, caption)), ...Object.fromEntries(picture) },
    ...(grid.file && { file: grid.file }),
  };
}
