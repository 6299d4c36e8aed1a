// The deep video prior [Lei et al. 2020, Blind Video Temporal Consistency via Deep Video Prior]: a network that is trained on one
// video, from the source's frames to the styled ones, learns what all frames have in common before it learns what each has by
// itself. Its output after a few passes is a steadier video.

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertInteger } from '../base/assert.js';
import { makeFolder } from '../base/atomic-folder.js';
import { DamageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { OnProgress } from '../base/progress.js';
import { openJournal, type RecordJournal } from '../base/record-journal.js';
import type { Settings } from '../base/settings.js';
import { type Warn, warnOnStderr } from '../base/warn.js';
import { type CompileOptions, compile } from '../engine/compile.js';
import { ops as g } from '../graph/ops.js';
import { createScope } from '../models/networks/scope.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { PRIOR } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { adamw, type Weights } from '../training/loop/adamw.js';
import { loadTrainingState, saveTrainingState } from '../training/loop/checkpoint.js';
import { compileGradients, type GradientProgram } from '../training/loop/gradient-program.js';
import { constantAfterWarmup } from '../training/loop/learning-rate.js';
import { train } from '../training/loop/train.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { initialPrior, PRIOR_CHANNELS, priorMultiple, priorNetwork } from './prior-network.js';
import { croppedFrame, paddedSize, pictureOf } from './prior-pictures.js';

/** Settings of `deepVideoPrior`. */
export interface DeepVideoPriorOptions extends Pick<CompileOptions, 'device' | 'threads'>, OptionsOf<typeof PRIOR> {
  /** Seed of the initial weights; 0 by default. */
  readonly seed?: number;
  /** Channels of the network's levels; the published ones by default. */
  readonly channels?: readonly number[];
  /** Folder of the unfinished work, which a later call continues to the same bits; a temporary one by default. */
  readonly work?: string;
  /** The first frame that is yielded; 0 by default. */
  readonly first?: number;
  /** Called when unfinished work is damaged, so that the training begins again; stderr by default. */
  readonly onWarning?: Warn;
  /** Called with the progress of the training. */
  readonly onProgress?: OnProgress;
  /** Stops after the current update, which is stored; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Adam's learning rate, as published. */
const LEARNING_RATE = 1e-4;

/**
 * Trains the network on a video and yields what it makes of each source frame. One pair of frames in order is an update of
 * Adam on the mean absolute difference, in the first four fifths of the passes at half the size. The memory does not depend
 * on the number of frames, which are kept on the disk.
 *
 * @throws UsageError when there are no frames, the videos differ in length or size, the number of passes is none, or the work
 *   of `work` is that of other videos or settings
 */
export async function* deepVideoPrior(
  source: VideoInput,
  styled: VideoInput,
  options: DeepVideoPriorOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const { passes } = withDefaults(PRIOR, options);
  const { seed = 0, channels = PRIOR_CHANNELS, work, signal } = options;
  assertInteger('deep video prior: the number of passes', passes, 1);
  const folder = work ?? (await mkdtemp(join(tmpdir(), 'steadyframe-prior-')));
  await makeFolder(folder);
  let pair: StoredPair | undefined;
  try {
    pair = await storePair(source, styled, folder, signal);
    const settings = { kind: 'deep-video-prior', passes, seed, channels, frames: pair.sha256 };
    const weights = await trainPrior(pair, folder, { ...options, passes, seed, channels }, settings);
    yield* applied(pair, weights, { ...options, channels });
  } finally {
    await pair?.close();
    if (work === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** The frames of both videos on the disk. */
interface StoredPair {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** SHA-256 of all frames. */
  readonly sha256: string;
  source(index: number): Promise<Frame>;
  styled(index: number): Promise<Frame>;
  close(): Promise<void>;
}

async function storePair(
  source: VideoInput,
  styled: VideoInput,
  folder: string,
  signal?: AbortSignal,
): Promise<StoredPair> {
  const videos = [
    { name: 'the source', frames: framesOf(source, { signal }) },
    { name: 'the styled video', frames: framesOf(styled, { signal }) },
  ];
  const hash = createHash('sha256');
  let journals: RecordJournal[] = [];
  let size = { width: 0, height: 0 };
  const close = async (): Promise<void> => {
    for (const journal of journals) await journal.close();
  };
  try {
    for await (const frames of lockstep(videos)) {
      signal?.throwIfAborted();
      if (journals.length === 0) {
        const { width, height } = frames[0];
        size = { width, height };
        const open = (name: string) => openJournal(join(folder, name), 3 * width * height, { fresh: true });
        journals = [await open('source.rgb'), await open('styled.rgb')];
        hash.update(`${width}x${height} `);
      }
      for (const [i, { data }] of frames.entries()) {
        hash.update(data);
        await journals[i].append(data);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [of, to] = journals;
  return {
    ...size,
    count: of.count,
    sha256: hash.digest('hex'),
    source: async (index) => ({ ...size, data: await of.read(index) }),
    styled: async (index) => ({ ...size, data: await to.read(index) }),
    close,
  };
}

/** Trains, or continues in the folder; returns the final weights. */
async function trainPrior(
  pair: StoredPair,
  folder: string,
  options: DeepVideoPriorOptions & Required<Pick<DeepVideoPriorOptions, 'passes' | 'seed' | 'channels'>>,
  settings: Settings,
): Promise<Weights> {
  const { passes, seed, channels, onProgress, signal } = options;
  const iterations = passes * pair.count;
  const coarse = Math.floor((4 * passes) / 5) * pair.count;
  const scope = createScope();
  priorNetwork(scope, g.input('source', [1, 3, priorMultiple(channels), priorMultiple(channels)]), channels);
  const names = [...scope.weights.keys()];
  const program = programBySize((shape) => openLoss(shape, names, options));
  const padded = paddedSize(pair, 2 * priorMultiple(channels));
  let state = await loadTrainingState(folder, names, settings).catch((error) => {
    if (!(error instanceof DamageError)) throw error;
    (options.onWarning ?? warnOnStderr)(`${error.message}: the prior is trained again`);
    return null;
  });
  try {
    const steps = train({
      program,
      weights: async () => initialPrior(scope, seed),
      optimizer: adamw({ weightDecay: 0 }),
      learningRate: constantAfterWarmup(LEARNING_RATE),
      iterations,
      async batch(iteration) {
        const frame = iteration % pair.count;
        const scale = iteration < coarse ? 2 : 1;
        return {
          source: pictureOf(await pair.source(frame), padded, scale),
          styled: pictureOf(await pair.styled(frame), padded, scale),
        };
      },
      describe: (iteration) => `frame ${iteration % pair.count}`,
      folder,
      store: {
        load: async () => state,
        save: (now) => saveTrainingState(folder, now, settings),
      },
      saveAfter: (iteration) => iteration % pair.count === 0,
      settings,
      ...given({ signal }),
    });
    for await (const step of steps) {
      state = step.state;
      onProgress?.({ done: step.iteration, total: iterations, label: 'training the prior' });
    }
  } catch (error) {
    if (signal?.aborted && state) await saveTrainingState(folder, state, settings);
    throw error;
  } finally {
    await program.dispose();
  }
  return state!.weights;
}

/** The loss for pictures of a shape, with its gradients. */
function openLoss(
  shape: readonly number[],
  trained: readonly string[],
  { channels, device, threads }: DeepVideoPriorOptions,
): Promise<GradientProgram> {
  const scope = createScope();
  const output = priorNetwork(scope, g.input('source', shape), channels);
  const loss = g.mean(g.abs(g.subtract(output, g.input('styled', shape))));
  return compileGradients(loss, scope, { trained }, { engine: 'onnx', ...given({ device, threads }) });
}

/** A loss that is compiled for the size of its pictures; only that of the last size is open. */
function programBySize(open: (shape: readonly number[]) => Promise<GradientProgram>): GradientProgram {
  let current: { readonly size: string; readonly program: GradientProgram } | undefined;
  const dispose = async (): Promise<void> => {
    await current?.program.dispose();
    current = undefined;
  };
  return {
    async run(inputs, weights, consume) {
      const { shape } = inputs.source;
      if (current?.size !== shape.join('x')) {
        await dispose();
        current = { size: shape.join('x'), program: await open(shape) };
      }
      return current.program.run(inputs, weights, consume);
    },
    dispose,
  };
}

/** The network's output for each source frame. */
async function* applied(
  pair: StoredPair,
  weights: Weights,
  { channels = PRIOR_CHANNELS, first = 0, device, threads, signal }: DeepVideoPriorOptions,
): AsyncGenerator<Frame, void, undefined> {
  const padded = paddedSize(pair, 2 * priorMultiple(channels));
  const input = g.input('source', [1, 3, padded.height, padded.width]);
  const output = priorNetwork(createScope(), input, channels);
  const network = await compile({ output }, weights, { engine: 'onnx', ...given({ device, threads }) });
  try {
    for (let i = first; i < pair.count; i++) {
      signal?.throwIfAborted();
      const made = await network.run({ source: pictureOf(await pair.source(i), padded, 1) });
      yield croppedFrame(made.output, pair);
    }
  } finally {
    await network.dispose();
  }
}
