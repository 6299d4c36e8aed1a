// Opens a second video that shows something of each frame of a video, such as its depth: the same frames, of the same size.

import { UsageError } from '../../base/errors.js';
import type { Region } from '../geometry.js';
import { frameAt, pickInOrder } from '../times/frame-times.js';
import { type OpenVideoOptions, openVideo } from './open-video.js';
import type { Video } from './video.js';

/** Relative difference of two aspect ratios up to which they count as one: networks round the sides of their pictures. */
const SAME_SHAPE = 0.03;

/** Options of opening a map. */
export interface MapOptions extends Pick<OpenVideoOptions, 'signal' | 'onWarning'> {
  /** A map of one picture is that of all frames. */
  readonly stillForAll?: boolean;
}

/**
 * Opens the map at `path` with one frame for each frame of `video`, of its size. A map as long as the whole source is read at
 * the times of the video's frames; one with exactly as many frames as the video, frame by frame. It shows the whole picture
 * of the source, of which the video's part is taken, or just that part.
 *
 * @throws UsageError when it cannot be opened, or its length or shape fits neither
 */
export async function openMap(
  path: string,
  video: Video,
  { stillForAll = false, ...hooks }: MapOptions = {},
): Promise<Pick<Video, 'path' | 'frames'>> {
  const stored = await openVideo(path, { exact: true, ...hooks });
  const { width, height } = video;
  const map = await openVideo(path, { crop: partOf(stored, video), fit: { width, height }, ...hooks });
  const isStill = stillForAll && stored.expectedFrames === 1;
  const indices = isStill ? (await video.times()).times.map(() => 0) : await pairedFrames(map, video);
  return {
    path,
    async *frames() {
      yield* pickInOrder(map.frames(), indices);
    },
  };
}

/** The part of the map that shows what the video shows. */
function partOf(map: Video, { path, width, height, region, sourceWidth, sourceHeight }: Video): Region {
  const pixelAspect = width / height / (region.width / region.height);
  const shape = map.width / map.height;
  const fits = (other: number): boolean => Math.abs(shape / other - 1) <= SAME_SHAPE;
  if (fits((sourceWidth / sourceHeight) * pixelAspect)) {
    const [across, down] = [map.sourceWidth / sourceWidth, map.sourceHeight / sourceHeight];
    const [left, right] = [region.x, region.x + region.width].map((x) => Math.round(x * across));
    const [top, bottom] = [region.y, region.y + region.height].map((y) => Math.round(y * down));
    return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
  }
  if (fits(width / height)) return map.region;
  throw new UsageError(
    `${map.path}: is ${map.width}x${map.height}, which has the shape of neither ${path} (${sourceWidth}x${sourceHeight}) nor its frames (${width}x${height}); give a map of the same pictures`,
  );
}

/** The index of the map's frame for each frame of the video. */
async function pairedFrames(map: Video, video: Video): Promise<number[]> {
  const [own, shown] = [await map.times(), await video.times()];
  const count = shown.times.length;
  const oneByOne = shown.times.map((_, i) => i);
  const isTimed = map.rateFrom !== 'default';
  /** Lengths are the same to within a frame. */
  const slack = 1 / Math.min(own.frameRate, shown.frameRate);
  if (own.times.length === count && !(isTimed && Math.abs(own.duration - shown.duration) > slack)) return oneByOne;
  const whole = await wholeTimes(video);
  const moments = shown.times.map((time) => time + shown.start - whole.start);
  if (isTimed && Math.abs(own.duration - whole.duration) <= slack) return moments.map((at) => frameAt(own.times, at));
  if (!isTimed && own.times.length === whole.times.length) return moments.map((at) => frameAt(whole.times, at));
  if (own.times.length === count) return oneByOne;
  const rendered = count === whole.times.length ? '' : `, of which ${count} are rendered`;
  throw new UsageError(
    `${map.path}: has ${length(own)}, but ${video.path} has ${length(whole)}${rendered}; give a map of the same length, or with a frame for each that is rendered`,
  );
}

type Times = Awaited<ReturnType<Video['times']>>;

/** The times of all frames of the source. */
async function wholeTimes(video: Video): Promise<Times> {
  if (!video.isStored) return video.times();
  const whole = await openVideo(video.path, { exact: true, onWarning: () => {} });
  // Pictures without a rate have the one at which the video was opened.
  if (whole.rateFrom !== 'default') return whole.times();
  return (await openVideo(video.path, { exact: true, frameRate: video.sourceFrameRate })).times();
}

const length = ({ times, duration }: Times): string =>
  `${times.length} ${times.length === 1 ? 'frame' : 'frames'} in ${Math.round(100 * duration) / 100} s`;
