// Trains the optical-flow network on moving pairs, and judges it on drives that it never sees.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { given } from '../../lib/base/given.js';
import { seedOf } from '../../lib/base/hash.js';
import { mean } from '../../lib/base/mean.js';
import { FLOW_FILES, openFlowModel } from '../../lib/models/flow/flow-model.js';
import type { FlowNetworkConfig } from '../../lib/models/flow/flow-network.js';
import { createScope } from '../../lib/models/networks/scope.js';
import { framesToImage } from '../../lib/tensor/frame.js';
import { toFloat16 } from '../../lib/tensor/half.js';
import { writeSafetensors } from '../../lib/tensor/safetensors.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import { adamw, type Weights } from '../../lib/training/loop/adamw.js';
import { compileGradients } from '../../lib/training/loop/gradient-program.js';
import { initialWeights } from '../../lib/training/loop/initial-weights.js';
import { cosineAfterWarmup } from '../../lib/training/loop/learning-rate.js';
import { type TrainingStep, train } from '../../lib/training/loop/train.js';
import { flowOf } from '../../lib/video/flow/planes.js';
import { type MovingPair, streetPair } from '../../lib/world/sampling/moving-pair.js';
import { CORRECTIONS_IN_USE, FLOW_NETWORK } from './config.js';
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
      await writeFlowNetwork(out, config, step.state.average ?? step.state.weights);
      yield { ...step, endpointError: await judgeFlow(out, held, threads) };
    }
  } finally {
    await program.dispose();
    await set.close();
  }
}

/** Writes weights as float16, and the configuration with the corrections in use. */
export async function writeFlowNetwork(folder: string, config: FlowNetworkConfig, weights: Weights): Promise<void> {
  await mkdir(folder, { recursive: true });
  const halves: Record<string, Tensor> = {};
  for (const [name, value] of weights) halves[name] = toFloat16(value);
  await writeSafetensors(join(folder, FLOW_FILES.weights), halves, { format: 'pt' });
  const used = { ...config, iterations: Math.min(config.iterations, CORRECTIONS_IN_USE) };
  await writeFileAtomic(join(folder, FLOW_FILES.config), `${JSON.stringify(used, null, 2)}\n`);
}

/** Mean endpoint error of the network in a folder on pairs, in pixels. */
async function judgeFlow(folder: string, pairs: readonly MovingPair[], threads?: number): Promise<number> {
  const model = await openFlowModel(folder, given({ threads }));
  try {
    const errors: number[] = [];
    for (const pair of pairs) {
      const { data } = await model.flow(framesToImage([pair.from]), framesToImage([pair.to]));
      const cells = data.length / 2;
      errors.push(endpointError(flowOf(data.subarray(0, cells), data.subarray(cells), pair.from).data, pair));
    }
    return mean(errors);
  } finally {
    await model.dispose();
  }
}
