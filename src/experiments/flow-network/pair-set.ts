// The training pairs on disk: each is rendered once, when it is first needed, and read again in later passes.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seedOf } from '../../lib/base/hash.js';
import { createGenerator, shuffled } from '../../lib/base/random.js';
import { openJournal } from '../../lib/base/record-journal.js';
import { type MovingPair, movingPair } from '../../lib/world/sampling/moving-pair.js';

/** Pairs by iteration. */
export interface PairSet {
  /** Identity of the pairs. */
  readonly identity: string;
  /** The pairs of an iteration: all once a pass, in another order each pass but the first. */
  batch(iteration: number): Promise<MovingPair[]>;
  close(): Promise<void>;
}

/** The pairs, and where they are kept. */
export interface PairSetOptions {
  readonly folder: string;
  readonly seed: number;
  /** Number of pairs. */
  readonly pairs: number;
  /** Pairs an iteration. */
  readonly batch: number;
  /** Pixels of a side. */
  readonly size: number;
}

/** Opens the set; pairs that are stored already are not rendered again. */
export async function openPairSet({ folder, seed, pairs, batch, size }: PairSetOptions): Promise<PairSet> {
  await mkdir(folder, { recursive: true });
  const cells = size * size;
  const journal = await openJournal(join(folder, `pairs-${seed}-${size}px.bin`), 15 * cells);
  const read = async (index: number): Promise<MovingPair> => {
    while (journal.count <= index) await journal.append(packed(movingPair(seed, journal.count, { size })));
    return unpacked(await journal.read(index), size);
  };
  return {
    identity: `moving pairs, seed ${seed}, ${pairs} of ${size} pixels`,
    async batch(iteration) {
      const result: MovingPair[] = [];
      for (let i = iteration * batch; i < (iteration + 1) * batch; i++) {
        const pass = Math.floor(i / pairs);
        const order = pass === 0 ? undefined : orderOf(seed, pass, pairs);
        result.push(await read(order ? order[i % pairs] : i));
      }
      return result;
    },
    close: () => journal.close(),
  };
}

const orders = new Map<string, readonly number[]>();

function orderOf(seed: number, pass: number, pairs: number): readonly number[] {
  const key = `${seed} pairs ${pass} of ${pairs}`;
  const order = orders.get(key) ?? shuffled(pairs, createGenerator(seedOf(key)));
  orders.set(key, order);
  return order;
}

/** Both pictures, the flow and the mask as bytes. */
function packed({ from, to, flow, visible }: MovingPair): Uint8Array {
  const cells = visible.length;
  const bytes = new Uint8Array(15 * cells);
  bytes.set(new Uint8Array(flow.buffer), 0);
  bytes.set(from.data, 8 * cells);
  bytes.set(to.data, 11 * cells);
  bytes.set(visible, 14 * cells);
  return bytes;
}

function unpacked(bytes: Uint8Array, size: number): MovingPair {
  const cells = size * size;
  const sides = { width: size, height: size };
  return {
    flow: new Float32Array(bytes.slice(0, 8 * cells).buffer),
    from: { ...sides, data: bytes.subarray(8 * cells, 11 * cells) },
    to: { ...sides, data: bytes.subarray(11 * cells, 14 * cells) },
    visible: bytes.subarray(14 * cells),
  };
}
