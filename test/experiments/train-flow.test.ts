// Training the optical-flow network: it learns, and a resumed training ends with the same weights.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TrainFlowOptions, trainFlow } from '../../src/experiments/flow-network/train-flow.js';
import { mean } from '../../src/lib/base/mean.js';
import { FLOW_FILES } from '../../src/lib/models/flow/flow-model.js';

const UPDATES = 16;
const config = { features: 8, hidden: 8, motion: 10, radius: 1, levels: 2, iterations: 2 };

test('learns on a few pairs, resumes to the same bits, and writes a network that opens', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-flow-'));
  try {
    const options = (name: string): TrainFlowOptions => ({
      ...{ out: join(folder, name, 'network'), work: join(folder, name), config, iterations: UPDATES, saveEvery: 8 },
      ...{ batch: 4, pairs: 4, seed: 3, size: 32, crop: 32, learningRate: 3e-3, heldOut: 1, threads: 1, resume: false },
    });
    const weights = (name: string): Buffer => readFileSync(join(options(name).out, FLOW_FILES.weights));
    const losses: number[] = [];
    // Open while the other one runs: both share their compiled graph.
    const whole = trainFlow(options('whole'));
    losses.push((await whole.next()).value!.loss);
    const begun = trainFlow(options('parts'));
    for (let i = 0; i < 11; i++) await begun.next();
    await begun.return();
    const done: number[] = [];
    let resumed: readonly Float32Array[] = [];
    for await (const { iteration, state } of trainFlow({ ...options('parts'), resume: true })) {
      done.push(iteration);
      resumed = [...state.weights.values()].map(({ data }) => data);
    }
    expect([done[0] > 8, done[0] < 13, done.at(-1)]).toEqual([true, true, UPDATES]);
    for await (const { iteration, loss, saved, endpointError, state } of whole) {
      losses.push(loss);
      expect(endpointError === undefined).toBe(!saved);
      if (iteration === UPDATES) expect([...state.weights.values()].map(({ data }) => data)).toEqual(resumed);
    }
    expect(losses).toHaveLength(UPDATES);
    expect(mean(losses.slice(-4))).toBeLessThan(0.8 * mean(losses.slice(0, 4)));
    expect(weights('parts').equals(weights('whole'))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
