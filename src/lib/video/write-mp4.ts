// H.264 in mp4 as browsers play it: 4:2:0, even sides, BT.709 colours said in the file, index at the front.

import { rm } from 'node:fs/promises';
import { temporaryName } from '../base/atomic-file.js';
import type { Frame } from '../tensor/frame.js';
import { type AudioSource, addAudio } from './audio.js';
import { type EncodeOptions, encodeFrames, REPRODUCIBLE } from './encode.js';

/** What `writeMp4` needs to know. */
export interface Mp4Options extends EncodeOptions {
  readonly crf?: number;
  readonly audio?: AudioSource;
}

// Untagged files are guessed at by players, by their height; so the matrix is chosen and said. Chroma lies on the left one of
// two pixels, which is what H.264 means where nothing is said.
const BT709 = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'];
const TO_YUV =
  'scale=out_color_matrix=bt709:out_range=tv:out_h_chr_pos=0:flags=bicubic+accurate_rnd+full_chroma_inp+bitexact';

/** Writes the file `path`. With sound, in two steps: how long it must be is known when the last frame is in. */
export async function writeMp4(
  path: string,
  frames: AsyncIterable<Frame>,
  options: Mp4Options,
): Promise<{ frames: number }> {
  const encoder = [
    ...['-vf', `${TO_YUV},format=yuv420p`, '-c:v', 'libx264', '-preset', 'medium', '-crf', String(options.crf ?? 18)],
    ...[...BT709, ...REPRODUCIBLE, '-movflags', '+faststart+write_colr', '-f', 'mp4'],
  ];
  if (!options.audio) return encodeFrames(path, evenSides(frames), encoder, options);
  const silent = temporaryName(path);
  try {
    const written = await encodeFrames(silent, evenSides(frames), encoder, options);
    await addAudio(silent, options.audio, written.frames / options.frameRate, path, options);
    return written;
  } finally {
    await rm(silent, { force: true });
  }
}

/** Repeats the last column and row where a side is odd: 4:2:0 stores colours for 2x2 pixels. */
async function* evenSides(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  for await (const frame of frames) yield evenFrame(frame);
}

function evenFrame(frame: Frame): Frame {
  const width = frame.width + (frame.width % 2);
  const height = frame.height + (frame.height % 2);
  if (width === frame.width && height === frame.height) return frame;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const end = 3 * frame.width * (Math.min(y, frame.height - 1) + 1);
    data.set(frame.data.subarray(end - 3 * frame.width, end), 3 * width * y);
    if (width > frame.width) data.set(frame.data.subarray(end - 3, end), 3 * width * (y + 1) - 3);
  }
  return { width, height, data };
}
