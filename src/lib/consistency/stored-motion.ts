// The motion between neighbouring frames in a file: who reads a video twice has it estimated once, with flat memory.

import type { RecordJournal } from '../base/record-journal.js';
import { type Correspondence, rememberedMotion, type SourceMotion } from './motion.js';

/** Bytes a pixel of a pair of frames: a flow of two float32 and whether it is visible, in both directions. */
export const MOTION_BYTES = 2 * (2 * Float32Array.BYTES_PER_ELEMENT + 1);

/**
 * A motion that appends each pair of neighbouring frames to an empty journal of `MOTION_BYTES` times their pixels, and reads
 * it from there where other frames of the same numbers are asked for.
 */
export function storedMotion(journal: RecordJournal, motion: SourceMotion): SourceMotion {
  /** The record of each pair, by the number of its earlier frame. */
  const places = new Map<number, number>();
  let queue: Promise<unknown> = Promise.resolve();
  const append = async (index: number, record: Uint8Array): Promise<void> => {
    await journal.append(record);
    places.set(index, journal.count - 1);
  };
  return rememberedMotion(async (earlier, later) => {
    const place = places.get(earlier.index);
    if (place !== undefined) return asPair(await journal.read(place), earlier.frame);
    const pair = await Promise.all([motion(earlier, later), motion(later, earlier)]);
    queue = queue.then(() => append(earlier.index, asRecord(pair)));
    await queue;
    return pair;
  });
}

type Pair = readonly [there: Correspondence, back: Correspondence];

function asRecord(pair: Pair): Uint8Array {
  const parts = pair.flatMap(({ flow: { data }, visible }) => [
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    visible,
  ]);
  return Buffer.concat(parts);
}

function asPair(record: Uint8Array, { width, height }: { readonly width: number; readonly height: number }): Pair {
  const cells = width * height;
  const half = (cells * MOTION_BYTES) / 2;
  const correspondence = (from: number): Correspondence => {
    const end = from + half - cells;
    const data = new Float32Array(record.slice(from, end).buffer);
    return { flow: { width, height, data }, visible: record.slice(end, end + cells) };
  };
  return [correspondence(0), correspondence(half)];
}
