// The training loop of finetuning and of training from scratch. The caller provides the batches.

import { NonFiniteError } from '../../base/errors.js';
import { createEstimator } from '../../base/progress.js';
import type { Settings } from '../../base/settings.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { AdamWState, Optimizer, Weights } from './adamw.js';
import { loadTrainingState, saveTrainingState, type TrainingState } from './checkpoint.js';
import type { GradientProgram } from './gradient-program.js';
import type { LearningRate } from './learning-rate.js';
import { approach, sumOfSquares } from './weight-kernels.js';

/** Options of training. */
export interface TrainOptions {
  readonly program: GradientProgram;
  /** Initial weights, which are copied, or a function that creates them if nothing is resumed. */
  readonly weights: Weights | (() => Promise<Weights>);
  readonly optimizer: Optimizer<AdamWState>;
  readonly learningRate: LearningRate;
  /** Total number of iterations, including those of earlier processes. */
  readonly iterations: number;
  /** Returns the inputs of an iteration's micro-batch: a pure function, so that they are the same in a resumed training. */
  readonly batch: (iteration: number, micro: number) => Promise<Readonly<Record<string, Tensor>>>;
  /** Describes the items of a micro-batch, for errors about a non-finite loss. */
  readonly describe?: (iteration: number, micro: number) => string;
  /** Micro-batches whose gradients are averaged for one update; 1 by default. */
  readonly accumulate?: number;
  /** Gradients are scaled down to this norm over all weights, which needs memory for all of them; not by default. */
  readonly clipNorm?: number;
  /** Decay of the exponential moving average of the weights, such as 0.999; none by default. */
  readonly averageDecay?: number;
  /** Folder for checkpoints. */
  readonly folder: string;
  /** Continues from the checkpoint in the folder. */
  readonly resume?: boolean;
  /** Storage of states; by default one file in the folder with the latest state. */
  readonly store?: TrainingStore;
  /** Whether to save after an iteration; the last one is always saved. */
  readonly saveAfter: (iteration: number) => boolean;
  /** Settings that must be equal on a resume. */
  readonly settings: Settings;
  readonly signal?: AbortSignal;
}

/** Stores the states of a training. */
export interface TrainingStore {
  /** The state to continue from; null to start with the initial weights. */
  load(): Promise<TrainingState | null>;
  save(state: TrainingState): Promise<void>;
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
 * Trains and yields after each update. The same settings give bit-identical results, also after interruptions.
 *
 * @throws NonFiniteError when the loss or its gradient is not finite; the last checkpoint is kept
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingStep, void, undefined> {
  const { iterations, accumulate = 1, clipNorm, averageDecay } = options;
  const store = options.store ?? latestState(options);
  const state = (await store.load()) ?? (await startState(options));
  const secondsLeft = createEstimator(iterations);
  secondsLeft(state.iteration);
  while (state.iteration < iterations) {
    const iteration = state.iteration;
    const learningRate = options.learningRate(iteration);
    const apply = accumulate === 1 && clipNorm === undefined ? updateAsTheyAppear : updateTogether;
    const { loss, norm } = await apply(options, state, learningRate);
    if (state.average) moveAverage(state.average, state.weights, averageDecay!, state.iteration);
    state.iteration++;
    const saved = state.iteration === iterations || options.saveAfter(state.iteration);
    if (saved) await store.save(state);
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

/** An update's loss, and the norm of its gradient. */
interface Applied {
  readonly loss: number;
  readonly norm: number;
}

/** Updates each weight as its gradient is computed, so that blockwise programs need no memory for all gradients. */
async function updateAsTheyAppear(options: TrainOptions, state: TrainingState, rate: number): Promise<Applied> {
  const { program, optimizer, batch } = options;
  const { iteration, weights } = state;
  let update: ReturnType<typeof optimizer.begin> | undefined;
  let squares = 0;
  options.signal?.throwIfAborted();
  const { loss } = await program.run(await batch(iteration, 0), weights, (gradients, value) => {
    checkLoss(options, value, iteration, 0);
    squares += squaresOf(gradients);
    checkNorm(options, Math.sqrt(squares), iteration);
    update ??= optimizer.begin(weights, state.optimizer, rate);
    update(gradients);
  });
  return { loss, norm: Math.sqrt(squares) };
}

/** Averages the gradients of all micro-batches and clips them, which needs all of them in memory. */
async function updateTogether(options: TrainOptions, state: TrainingState, rate: number): Promise<Applied> {
  const { program, optimizer, batch, accumulate = 1, clipNorm } = options;
  const { iteration, weights } = state;
  let loss = 0;
  let gradients: Weights | undefined;
  for (let micro = 0; micro < accumulate; micro++) {
    options.signal?.throwIfAborted();
    const result = await program.run(await batch(iteration, micro), weights);
    checkLoss(options, result.loss, iteration, micro);
    loss += result.loss / accumulate;
    gradients = gradients ? addedTo(gradients, result.gradients) : result.gradients;
  }
  const norm = Math.sqrt(squaresOf(gradients!)) / accumulate;
  checkNorm(options, norm, iteration);
  const clip = clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
  scale(gradients!, clip / accumulate);
  optimizer.update(weights, gradients!, state.optimizer, rate);
  return { loss, norm };
}

async function startState({ weights, optimizer, averageDecay }: TrainOptions): Promise<TrainingState> {
  const own = typeof weights === 'function' ? await weights() : copyOf(weights);
  return {
    iteration: 0,
    weights: own,
    optimizer: optimizer.init(own),
    average: averageDecay === undefined ? null : copyOf(own),
  };
}

/** Stores the latest state in one file in the folder. */
function latestState({ folder, settings, weights, resume = false }: TrainOptions): TrainingStore {
  return {
    async load() {
      if (!resume) return null;
      const start = typeof weights === 'function' ? await weights() : weights;
      return loadTrainingState(folder, [...start.keys()], settings);
    },
    save: (state) => saveTrainingState(folder, state, settings),
  };
}

function checkLoss(options: TrainOptions, loss: number, iteration: number, micro: number): void {
  if (!Number.isFinite(loss)) throw notFinite(options, `the loss is ${loss}`, iteration, [micro]);
}

function checkNorm(options: TrainOptions, norm: number, iteration: number): void {
  if (Number.isFinite(norm)) return;
  const micros = Array.from({ length: options.accumulate ?? 1 }, (_, i) => i);
  throw notFinite(options, `the norm of the gradient is ${norm}`, iteration, micros);
}

/** The error about non-finite numbers, with the iteration and its items. */
function notFinite(options: TrainOptions, what: string, iteration: number, micros: readonly number[]): NonFiniteError {
  const { accumulate = 1, folder, describe } = options;
  const part = micros.length < accumulate ? ` (micro-batch ${micros[0] + 1} of ${accumulate})` : '';
  const items = describe ? `, with ${micros.map((micro) => describe(iteration, micro)).join('; ')}` : '';
  return new NonFiniteError(
    `training: ${what} at iteration ${iteration + 1}${part}${items}; the last checkpoint in ${folder} is kept: lower the learning rate`,
  );
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

function squaresOf(gradients: Weights): number {
  let squares = 0;
  for (const { data } of gradients.values()) squares += sumOfSquares(data);
  return squares;
}

function scale(gradients: Weights, factor: number): void {
  if (factor === 1) return;
  for (const { data } of gradients.values()) {
    for (let i = 0; i < data.length; i++) data[i] *= factor;
  }
}

/** Updates the average. The decay rises from 0, which discards the random start: min(decay, (1 + n) / (10 + n)). */
function moveAverage(average: Weights, weights: Weights, decay: number, updates: number): void {
  const keep = Math.min(decay, (1 + updates) / (10 + updates));
  for (const [name, { data }] of average) approach(data, weights.get(name)!.data, 1 - keep);
}
