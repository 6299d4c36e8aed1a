// Properties that a file's description lacks and a few of its packets or frames show: still streams, interlacing, and the
// size of the first frame.

import { type RunOptions, runFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { isBareStream, type PictureStream } from './describe-input.js';

// Codecs whose interlacing the description may not state.
const PERHAPS_INTERLACED = new Set(
  'mpeg2video h264 mpeg4 dvvideo vc1 wmv3 prores dnxhd cfhd ffv1 huffyuv ffvhuff utvideo v210'.split(' '),
);
const LOOKED_AT_LONG = new Set(['mpegts', 'mpeg', 'flv']);
const SECONDS_LOOKED_AT = 20;

/**
 * The picture stream that players show: the first one that the file marks, else the first one. Streams of a single picture
 * are covers and used only if there are no others.
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
  // Lines are: index of the stream as mapped, times, size and checksum of a packet.
  const packets = pictures.map((_, i) => said.match(new RegExp(`^${i}, `, 'gm'))?.length ?? 0);
  return marked(pictures.filter((_, i) => packets[i] > 1)) ?? marked(pictures);
}

/**
 * Properties of a stream from its first frames, where the description is unreliable: interlacing, and the size in containers
 * for which ffmpeg examines many frames and prints the size of the last one.
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
