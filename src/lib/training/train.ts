// The training loop: the same for finetuning and for training from scratch. What a batch holds is the caller's.

import { FailureError } from '../base/errors.js';
import { createEstimator } from '../base/progress.js';
import type { Settings } from '../base/settings.js';
import type { Tensor } from '../tensor/tensor.js';
import type { AdamWState, Optimizer, Weights } from './adamw.js';
import type { GradientProgram } from './gradient-program.js';
import type { LearningRate } from './learning-rate.js';
import { loadTrainingState, saveTrainingState, type TrainingState } from './training-checkpoint.js';

/** How to train. */
export interface TrainOptions {
  readonly program: GradientProgram;
  /** Where training starts; copied, and not looked at on a resume. */
  readonly weights: Weights;
  readonly optimizer: Optimizer<AdamWState>;
  readonly learningRate: LearningRate;
  /** Iterations in all, those of earlier processes included. */
  readonly iterations: number;
  /** Inputs of an iteration's micro-batch: a pure function of both numbers, so that a resumed training sees the same. */
  readonly batch: (iteration: number, micro: number) => Promise<Readonly<Record<string, Tensor>>>;
  /** Micro-batches whose gradients are averaged for one update; 1 by default. */
  readonly accumulate?: number;
  /** Gradients are scaled down to this norm over all weights; not by default. */
  readonly clipNorm?: number;
  /** Decay of the exponential moving average of the weights (0.999, say); none is kept by default. */
  readonly averageDecay?: number;
  /** Folder for checkpoints, and whether to go on from the one in it. */
  readonly folder: string;
  readonly resume?: boolean;
  /** Whether to save after an iteration; the last one is always saved. */
  readonly saveAfter: (iteration: number) => boolean;
  /** What must be the same on a resume. */
  readonly settings: Settings;
  readonly signal?: AbortSignal;
}

/** One update. */
export interface TrainingStep {
  /** Counted from 1. */
  readonly iteration: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Norm of the gradient over all weights, before clipping. */
  readonly gradientNorm: number;
  readonly secondsLeft?: number;
  /** Whether the state was saved after this update. */
  readonly saved: boolean;
  readonly state: TrainingState;
}

/**
 * Trains, yielding after each update. The same settings give the same bits, interrupted and resumed or not.
 *
 * @throws FailureError when the loss is not finite: nothing is updated, and the last checkpoint stays
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingStep, void, undefined> {
  const { program, optimizer, iterations, accumulate = 1, clipNorm, averageDecay, folder, settings } = options;
  const stored = options.resume ? await loadTrainingState(folder, [...options.weights.keys()], settings) : null;
  const state = stored ?? startState(options);
  const secondsLeft = createEstimator(iterations);
  secondsLeft(state.iteration);
  while (state.iteration < iterations) {
    const iteration = state.iteration;
    let loss = 0;
    let gradients: Weights | undefined;
    for (let micro = 0; micro < accumulate; micro++) {
      options.signal?.throwIfAborted();
      const result = await program.run(await options.batch(iteration, micro), state.weights);
      if (!Number.isFinite(result.loss)) {
        const where = accumulate > 1 ? ` (micro-batch ${micro + 1} of ${accumulate})` : '';
        throw new FailureError(
          `training: the loss is ${result.loss} at iteration ${iteration + 1}${where}; the last checkpoint in ${folder} is kept: lower the learning rate`,
        );
      }
      loss += result.loss / accumulate;
      gradients = gradients ? addedTo(gradients, result.gradients) : result.gradients;
    }
    const norm = normOf(gradients!) / accumulate;
    const clip = clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
    scale(gradients!, clip / accumulate);
    const learningRate = options.learningRate(iteration);
    optimizer.update(state.weights, gradients!, state.optimizer, learningRate);
    if (state.average) moveAverage(state.average, state.weights, averageDecay!, state.iteration);
    state.iteration++;
    const saved = state.iteration === iterations || options.saveAfter(state.iteration);
    if (saved) await saveTrainingState(folder, state, settings);
    yield {
      iteration: state.iteration,
      loss,
      learningRate,
      gradientNorm: norm,
      secondsLeft: secondsLeft(state.iteration),
      saved,
      state,
    };
  }
}

function startState({ weights, optimizer, averageDecay }: TrainOptions): TrainingState {
  const copy = copyOf(weights);
  return {
    iteration: 0,
    weights: copy,
    optimizer: optimizer.init(copy),
    average: averageDecay === undefined ? null : copyOf(weights),
  };
}

function copyOf(weights: Weights): Weights {
  return new Map([...weights].map(([name, value]) => [name, { ...value, data: value.data.slice() }]));
}

function addedTo(sum: Weights, more: Weights): Weights {
  for (const [name, { data }] of sum) {
    const other = more.get(name)!.data;
    for (let i = 0; i < data.length; i++) data[i] += other[i];
  }
  return sum;
}

function normOf(gradients: Weights): number {
  let squares = 0;
  for (const { data } of gradients.values()) {
    for (let i = 0; i < data.length; i++) squares += data[i] * data[i];
  }
  return Math.sqrt(squares);
}

function scale(gradients: Weights, factor: number): void {
  if (factor === 1) return;
  for (const { data } of gradients.values()) {
    for (let i = 0; i < data.length; i++) data[i] *= factor;
  }
}

/** The decay grows from 0, so that the random start is forgotten: min(decay, (1 + n) / (10 + n)). */
function moveAverage(average: Weights, weights: Weights, decay: number, updates: number): void {
  const keep = Math.min(decay, (1 + updates) / (10 + updates));
  for (const [name, { data }] of average) {
    const now = weights.get(name)!.data;
    for (let i = 0; i < data.length; i++) data[i] += (1 - keep) * (now[i] - data[i]);
  }
}
