// Trains the optical-flow network on moving pairs, and judges it on drives that it never sees.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { given } from '../../lib/base/given.js';
import { seedOf } from '../../lib/base/hash.js';
import { compile } from '../../lib/engine/onnx/compile.js';
import { ops as g } from '../../lib/graph/ops.js';
import { FLOW_FILES } from '../../lib/models/flow/flow-model.js';
import { type FlowNetworkConfig, flowNetwork } from '../../lib/models/flow/flow-network.js';
import { createScope } from '../../lib/models/networks/scope.js';
import { toFloat16, toFloat32 } from '../../lib/tensor/half.js';
import { readSafetensors, writeSafetensors } from '../../lib/tensor/safetensors.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import { adamw, type Weights } from '../../lib/training/loop/adamw.js';
import { compileGradients } from '../../lib/training/loop/gradient-program.js';
import { initialWeights } from '../../lib/training/loop/initial-weights.js';
import { cosineAfterWarmup } from '../../lib/training/loop/learning-rate.js';
import { type TrainingStep, train } from '../../lib/training/loop/train.js';
import { type MovingPair, streetPair } from '../../lib/world/sampling/moving-pair.js';
import { FLOW_NETWORK } from './config.js';
import { flowBatch } from './flow-batch.js';
import { endpointError } from './judge-flow.js';
import { flowLoss } from './loss.js';
import { openPairSet } from './pair-set.js';

/** Settings of the training. */
export interface TrainFlowOptions {
  /** Folder of the network: `flow.safetensors` (float16, the average of the weights) and its `config.json`. */
  readonly out: string;
  /** Folder for checkpoints and rendered pairs. */
  readonly work: string;
  readonly iterations: number;
  readonly batch: number;
  /** Number of different pairs. */
  readonly pairs: number;
  readonly seed: number;
  /** Pixels of a side of the pictures, and of the parts of them that are trained on. */
  readonly size: number;
  readonly crop: number;
  readonly learningRate: number;
  readonly saveEvery: number;
  readonly resume: boolean;
  /** Initial weights; random by default. */
  readonly start?: Weights;
  readonly config?: FlowNetworkConfig;
  /** Held-out pairs for the endpoint error. */
  readonly heldOut: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** An update; if it was saved, with the mean endpoint error on held-out drives, one frame apart, in pixels. */
export interface FlowStep extends TrainingStep {
  readonly endpointError?: number;
}

/** Settings that were used for the network of the package. */
export const TRAIN_FLOW_DEFAULTS = {
  iterations: 20000,
  batch: 4,
  pairs: 4096,
  seed: 0,
  size: 128,
  crop: 96,
  learningRate: 4e-4,
  saveEvery: 200,
  heldOut: 24,
} as const;

/** Trains and yields after each update. */
export async function* trainFlow(options: TrainFlowOptions): AsyncGenerator<FlowStep, void, undefined> {
  const { out, work, iterations, batch, seed, size, crop, learningRate, saveEvery, resume, start, threads, signal } =
    options;
  const { config = FLOW_NETWORK } = options;
  const set = await openPairSet({ ...options, folder: work });
  const scope = createScope();
  const loss = flowLoss(scope, config, [batch, crop, crop]);
  const program = await compileGradients(loss, scope, { trained: [...scope.weights.keys()] }, given({ threads }));
  const held = Array.from({ length: options.heldOut }, (_, i) => streetPair(seed, i, { heldOut: true, gap: 1, size }));
  const steps = train({
    program,
    weights: start ?? initialWeights(scope, seed),
    optimizer: adamw({ weightDecay: 1e-4 }),
    learningRate: cosineAfterWarmup(learningRate, iterations, Math.min(200, iterations / 10), learningRate / 50),
    iterations,
    batch: async (iteration) =>
      flowBatch(await set.batch(iteration), { size: crop, key: seedOf(`${seed} flow ${iteration}`) }),
    clipNorm: 1,
    averageDecay: 0.998,
    folder: work,
    saveAfter: (iteration) => iteration % saveEvery === 0,
    settings: {
      network: { ...config },
      data: set.identity,
      start: start ? 'given weights' : 'random weights',
      ...{ batch, crop, seed, learningRate, iterations },
    },
    ...given({ resume, signal }),
  });
  try {
    for await (const step of steps) {
      if (!step.saved) {
        yield step;
        continue;
      }
      const weights = step.state.average ?? step.state.weights;
      await writeFlowNetwork(out, config, weights);
      yield { ...step, endpointError: await judgeFlow(config, weights, held, threads) };
    }
  } finally {
    await program.dispose();
    await set.close();
  }
}

/** Writes weights as float16, and the configuration. */
export async function writeFlowNetwork(folder: string, config: FlowNetworkConfig, weights: Weights): Promise<void> {
  await mkdir(folder, { recursive: true });
  const halves: Record<string, Tensor> = {};
  for (const [name, value] of weights) halves[name] = toFloat16(value);
  await writeSafetensors(join(folder, FLOW_FILES.weights), halves, { format: 'pt' });
  await writeFileAtomic(join(folder, FLOW_FILES.config), `${JSON.stringify(config, null, 2)}\n`);
}

/** The weights that `writeFlowNetwork` wrote, as float32. */
export async function readFlowWeights(folder: string): Promise<Weights> {
  const stored = await readSafetensors(join(folder, FLOW_FILES.weights));
  return new Map(Object.entries(stored).map(([name, value]) => [name, toFloat32(value)]));
}

/** Mean endpoint error of a network on pairs, in pixels. */
export async function judgeFlow(
  config: FlowNetworkConfig,
  weights: Weights,
  pairs: readonly MovingPair[],
  threads?: number,
): Promise<number> {
  const { width, height } = pairs[0].from;
  const input = (name: string) => g.input(name, [1, 3, height, width]);
  const { flow } = flowNetwork(createScope(), config, { from: input('from'), to: input('to') });
  const program = await compile({ flow }, weights, given({ threads }));
  try {
    let sum = 0;
    for (const pair of pairs) {
      const { from, to } = flowBatch([pair]);
      const { data } = (await program.run({ from, to })).flow;
      const cells = width * height;
      const interleaved = Float32Array.from({ length: 2 * cells }, (_, i) => Number(data[(i % 2) * cells + (i >> 1)]));
      sum += endpointError(interleaved, pair);
    }
    return sum / pairs.length;
  } finally {
    await program.dispose();
  }
}
