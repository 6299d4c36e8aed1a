// What a file's description leaves open and a few of its packets or frames tell: which streams are stills, whether frames are
// interlaced, which size is the first.

import { type RunOptions, runFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { isBareStream, type PictureStream } from './describe-input.js';

// Codecs that may be interlaced without the file's description saying so.
const PERHAPS_INTERLACED = new Set(
  'mpeg2video h264 mpeg4 dvvideo vc1 wmv3 prores dnxhd cfhd ffv1 huffyuv ffvhuff utvideo v210'.split(' '),
);
const LOOKED_AT_LONG = new Set(['mpegts', 'mpeg', 'flv']);
const SECONDS_LOOKED_AT = 20;

/**
 * The stream of pictures that players show: the first of those that the file marks, else the first. Those of a single picture
 * count only where there are no others: they are covers.
 */
export async function shownStream(
  path: string,
  pictures: readonly PictureStream[],
  maxPixels: number,
  run: Omit<RunOptions, 'task'>,
): Promise<PictureStream | undefined> {
  const marked = (streams: readonly PictureStream[]) => streams.find(({ isDefault }) => isDefault) ?? streams[0];
  if (pictures.length < 2) return marked(pictures);
  const maps = pictures.flatMap(({ stream }) => ['-map', `0:${stream}`]);
  const said = await runFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'quiet', ...untrustedInput(ffmpeg, path, maxPixels), ...maps, '-c', 'copy'],
      ...['-t', String(SECONDS_LOOKED_AT), '-f', 'framecrc', 'pipe:2'],
    ],
    { ...run, task: `opening '${path}'`, allowFailure: true },
  );
  // Lines are: number of the stream as mapped, times, size and checksum of a packet.
  const packets = pictures.map((_, i) => said.match(new RegExp(`^${i}, `, 'gm'))?.length ?? 0);
  return marked(pictures.filter((_, i) => packets[i] > 1)) ?? marked(pictures);
}

/**
 * What the first frames say of a stream where its description is not to be relied on: whether they are interlaced, and their size
 * in containers for which ffmpeg looks at many frames and prints the size of the last.
 */
export async function seenIn(
  path: string,
  { container, picture }: { readonly container: string; readonly picture: PictureStream },
  maxPixels: number,
  run: Omit<RunOptions, 'task'>,
): Promise<Partial<Pick<PictureStream, 'fields' | 'width' | 'height'>>> {
  const perhapsInterlaced =
    !picture.fields && PERHAPS_INTERLACED.has(picture.codec) && picture.format.startsWith('yuv');
  const sizeIsLast = isBareStream(container) || LOOKED_AT_LONG.has(container);
  if (!perhapsInterlaced && !sizeIsLast) return {};
  const said = await runFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'info', '-nostats', ...untrustedInput(ffmpeg, path, maxPixels), '-map', `0:${picture.stream}`],
      ...['-vf', 'showinfo', '-frames:v', '3', '-f', 'null', '-'],
    ],
    { ...run, task: `opening '${path}'`, allowFailure: true },
  );
  const [, width, height] = /showinfo.* s:(\d+)x(\d+) /.exec(said) ?? [];
  return {
    ...(perhapsInterlaced && /showinfo.* i:[TB] /.test(said) && { fields: 'interlaced' as const }),
    ...(sizeIsLast && width !== undefined && { width: Number(width), height: Number(height) }),
  };
}
