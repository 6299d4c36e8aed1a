// H.264 in mp4 for browsers: 4:2:0, even sides, tagged BT.709 colours, index at the front.

import { rm } from 'node:fs/promises';
import { temporaryName } from '../../base/atomic-file.js';
import type { Frame } from '../../tensor/frame.js';
import { type AudioSource, joinAudio } from './audio.js';
import { appearance, commentArguments, type EncodeOptions, encodeFrames, REPRODUCIBLE } from './encode.js';

/** Options of `writeMp4`. */
export interface Mp4Options extends EncodeOptions {
  readonly crf?: number;
  readonly audio?: AudioSource;
}

// Players guess the matrix of untagged files by their height, so it is set explicitly. Chroma is at the left one of two
// pixels, the default of H.264.
const BT709 = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'];
const TO_YUV =
  'scale=out_color_matrix=bt709:out_range=tv:out_h_chr_pos=0:flags=bicubic+accurate_rnd+full_chroma_inp+bitexact';

// Each frame has its own time, in the unit of broadcasting. Without reordered pictures, decoding times equal presentation
// times, and the last frame can be left out.
const TIMED = ['-bf', '0', '-enc_time_base', '1:90000', '-video_track_timescale', '90000'];

/**
 * Writes the file `path`. Two passes are needed with sound, whose duration is known only after the last frame, and with
 * times: the second pass drops the additional frame that marks the end of the last one.
 */
export async function writeMp4(
  path: string,
  frames: AsyncIterable<Frame>,
  options: Mp4Options,
): Promise<{ frames: number }> {
  const { audio, timing, comment, crf = 18 } = options;
  const isFinal = !audio && !timing;
  const encoder = [
    ...['-vf', `${TO_YUV},format=yuv420p`, '-c:v', 'libx264', '-preset', 'medium', '-crf', String(crf)],
    ...[...(timing ? TIMED : []), ...BT709, ...REPRODUCIBLE, ...(isFinal ? commentArguments(comment) : [])],
    ...['-movflags', '+faststart+write_colr', '-f', 'mp4'],
  ];
  if (isFinal) return encodeFrames(path, evenSides(frames), encoder, options);
  const silent = temporaryName(path);
  try {
    const even = evenSides(frames);
    const written = await encodeFrames(silent, timing ? lastTwice(even) : even, encoder, options);
    const count = written.frames - (timing ? 1 : 0);
    await joinAudio({ path: silent, frames: count, duration: appearance(count, options) }, audio, path, options);
    return { frames: count };
  } finally {
    await rm(silent, { force: true });
  }
}

/** Repeats the last frame at the time of its end, because encoders do not keep its duration. */
async function* lastTwice(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  let last: Frame | undefined;
  for await (const frame of frames) {
    last = frame;
    yield frame;
  }
  if (last) yield last;
}

/** Repeats the last column or row if a side is odd: 4:2:0 stores colours for 2x2 pixels. */
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
