// Helpers of this folder's suites: the ffmpegs to test, small shots in memory, temporary folders.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { INSTALLED, ON_PATH } from '../ffmpegs.js';
import { skipNote } from '../skipped.js';

export { INSTALLED, ON_PATH };

/** Every ffmpeg to run a suite with, as `[title, path]`; a missing one has a note in its title and no path. */
export const FFMPEGS: readonly (readonly [title: string, path: string | undefined])[] = [
  [`@ffmpeg-installer${skipNote(INSTALLED, 'it has no build for this platform')}`, INSTALLED],
  [`ffmpeg on the PATH${skipNote(ON_PATH, 'there is none')}`, ON_PATH],
];

/** Real videos, outside the project's folder. */
export const MEDIA: string = fileURLToPath(new URL('../../../shared/media', import.meta.url));
export const hasMedia: boolean = existsSync(MEDIA);
export const mediaNote: string = skipNote(hasMedia, '../shared/media is not there');

const before = process.env.FFMPEG_PATH;

/** Makes the library use this ffmpeg in all tests of the file. */
export function useFfmpeg(path: string | undefined): void {
  if (path === undefined) delete process.env.FFMPEG_PATH;
  else process.env.FFMPEG_PATH = path;
}

/** Creates a folder that is deleted after the file's tests; also restores FFMPEG_PATH. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-video-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    if (before === undefined) delete process.env.FFMPEG_PATH;
    else process.env.FFMPEG_PATH = before;
  });
  return folder;
}

/** Runs an ffmpeg to write a file for a test. */
export function ffmpegMakes(ffmpeg: string, args: readonly string[], input?: Uint8Array): void {
  execFileSync(ffmpeg, ['-v', 'error', '-nostdin', '-y', ...args], { input, stdio: ['pipe', 'ignore', 'pipe'] });
}

/** Frame `i` of a shot in which every pixel differs from its neighbours and from the previous frame. */
export function patternFrame(i: number, width: number, height: number): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set(
        [(x * 7 + y * 3 + i * 11) % 256, (x * 2 + y * 13 + i * 5) % 256, (x * 5 + y + i * 29) % 256],
        3 * (y * width + x),
      );
    }
  }
  return { width, height, data };
}

/** `count` frames of that shot. */
export function pattern(count: number, width: number, height: number): Frame[] {
  return Array.from({ length: count }, (_, i) => patternFrame(i, width, height));
}

/** Colour at (x, y) of frame `i` of a shot of moving waves. */
export function smoothColour(x: number, y: number, width: number, height: number, i: number): number[] {
  const wave = (fx: number, fy: number, phase: number) =>
    128 + 100 * Math.sin((2 * Math.PI * (fx * x)) / width + (2 * Math.PI * (fy * y)) / height + phase + i / 5);
  return [wave(1, 0, 0), wave(0, 1, 1), wave(1, 1, 2)];
}

/** Frames of that shot, which lossy codecs preserve well. */
export function smooth(count: number, width: number, height: number): Frame[] {
  return Array.from({ length: count }, (_, i) => {
    const data = new Uint8Array(3 * width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data.set(smoothColour(x, y, width, height, i).map(Math.round), 3 * (y * width + x));
      }
    }
    return { width, height, data };
  });
}

/** Writes frames losslessly (FFV1 in RGB) into any container that supports it. */
export function writeLossless(
  ffmpeg: string,
  frames: readonly Frame[],
  rate: string,
  path: string,
  ...args: string[]
): void {
  const { width, height } = frames[0];
  const input = ['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`, '-framerate', rate];
  const raw = Buffer.concat(frames.map((frame) => frame.data));
  ffmpegMakes(ffmpeg, [...input, '-i', 'pipe:0', '-c:v', 'ffv1', '-pix_fmt', 'bgr0', ...args, path], raw);
}

/** Frames as a stream. */
export async function* stream(frames: Iterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  yield* frames;
}

/** All frames of a stream. */
export async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** Plain data of frames, for comparisons of whole frames with fast output on failure. */
export function bytesOf(frames: readonly Frame[]): string[] {
  return frames.map((frame) => `${frame.width}x${frame.height} ${Buffer.from(frame.data).toString('base64')}`);
}

/** The part of a frame inside a rectangle. */
export function cut(frame: Frame, x: number, y: number, width: number, height: number): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 3 * ((y + row) * frame.width + x);
    data.set(frame.data.subarray(from, from + 3 * width), 3 * row * width);
  }
  return { width, height, data };
}

/** Mean and largest absolute difference of two frames. */
export function difference(a: Frame, b: Frame): { mean: number; largest: number } {
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const d = Math.abs(a.data[i] - b.data[i]);
    sum += d;
    largest = Math.max(largest, d);
  }
  return { mean: sum / a.data.length, largest };
}

/** Collects warnings of a test. */
export function warnings(): { heard: string[]; onWarning: (message: string) => void } {
  const heard: string[] = [];
  afterEach(() => heard.splice(0));
  return { heard, onWarning: (message) => heard.push(message) };
}
