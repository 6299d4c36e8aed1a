// A video as a player: embedded in the notebook if it is small, else linked, with its first frame for readers without
// players.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { dataUri } from '../base/data-uri.js';
import { given } from '../base/given.js';
import { BROWSER_MEDIA } from '../base/media-types.js';
import { html } from '../report/html.js';
import type { Frame, Frames } from '../tensor/frame.js';
import { openVideo } from '../video/read/open-video.js';
import type { Video, VideoInput } from '../video/read/video.js';
import { writeVideo } from '../video/write/write-video.js';
import { figure } from './figure.js';
import { type SourceFrames, sourceFrames } from './frame-source.js';
import { bundleOf, type Display } from './mime-bundle.js';
import { pictureOf } from './picture.js';
import type { ShowSettings } from './show-options.js';
import { copyShown } from './shown-files.js';

/**
 * A video: the path of a file, an opened video, or frames with their rate.
 *
 * @inline
 */
export interface ShownVideo {
  readonly video: VideoInput;
  /** Frames per second, if frames are given; 12 by default. */
  readonly frameRate?: number;
}

/** Formats that browsers play. */
const PLAYED = ['.mp4', '.webm', '.gif', '.webp'];

/**
 * A video in every format. Frames, and files that browsers do not play, are encoded as mp4.
 *
 * @throws UsageError when the video does not exist or has no frames
 */
export async function showVideo({ video, frameRate }: ShownVideo, settings: ShowSettings): Promise<Display> {
  if (typeof video === 'string' && PLAYED.includes(extname(video).toLowerCase())) {
    // Opening it reports errors of the file.
    const opened = await openVideo(video, { exact: true });
    return { bundle: await playerOf(opened, settings), file: { path: video } };
  }
  const source = await sourceFrames(video);
  const timing = frameRate === undefined ? source : { frameRate };
  return encoded(source.frames, timing, source.name ?? 'video', settings);
}

/**
 * Frames as an mp4, embedded in the notebook or in the folder of outputs.
 *
 * @throws UsageError when there are none, or they differ in size
 */
export async function encoded(
  frames: Frames,
  { frameRate, timing }: Pick<SourceFrames, 'frameRate' | 'timing'>,
  name: string,
  settings: ShowSettings,
): Promise<Display> {
  const folder = await mkdtemp(join(tmpdir(), 'steadyframe-show-'));
  try {
    const path = join(folder, `${name}.mp4`);
    await writeVideo(path, frames, given({ frameRate, timing }));
    const bundle = await playerOf(await openVideo(path, { exact: true }), settings);
    return { bundle, file: { name: `${name}.mp4`, data: await readFile(path) } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function playerOf(video: Video, settings: ShowSettings): Promise<Display['bundle']> {
  const { path, width: own, height, frameRate } = video;
  const { width = own, caption, embedBelow, folder } = settings;
  const type = BROWSER_MEDIA[extname(path).toLowerCase()];
  const isSmall = (await stat(path)).size < embedBelow;
  const source = isSmall ? dataUri(type, await readFile(path)) : encodeURI(await copyShown(folder, path));
  const name = basename(path);
  const player = type.startsWith('image/')
    ? html`<img src="${source}" width="${width}" alt="${name}">`
    : html`<video controls loop muted playsinline preload="auto" width="${width}" style="max-width: 100%" src="${source}"></video>`;
  const about = `${name}: ${own}x${height}, ${Math.round(frameRate * 100) / 100} frames per second`;
  const text = [about, caption].filter((line) => line !== undefined).join('\n');
  return bundleOf(text, figure(player, caption), await pictureOf(await firstFrame(video), width));
}

async function firstFrame(video: Video): Promise<Frame> {
  const { value } = await video.frames()[Symbol.asyncIterator]().next();
  return value as Frame; // a video without frames throws
}
