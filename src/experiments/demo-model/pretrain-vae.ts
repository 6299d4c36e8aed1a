// Trains an autoencoder from scratch on pictures from the caller.

import { given } from '../../lib/base/given.js';
import { ops as g } from '../../lib/graph/ops.js';
import type { Node } from '../../lib/graph/types.js';
import type { VaeConfig } from '../../lib/models/config/config.js';
import { createScope } from '../../lib/models/networks/scope.js';
import { vaeDecoder, vaeEncoder } from '../../lib/models/networks/vae.js';
import { type Frame, framesToImage } from '../../lib/tensor/frame.js';
import { randn } from '../../lib/tensor/randn.js';
import { adamw, type Weights } from '../../lib/training/loop/adamw.js';
import { compileGradients } from '../../lib/training/loop/gradient-program.js';
import { initialWeights } from '../../lib/training/loop/initial-weights.js';
import { cosineAfterWarmup } from '../../lib/training/loop/learning-rate.js';
import { type TrainingStep, train } from '../../lib/training/loop/train.js';

/** Settings of an autoencoder's training. */
export interface PretrainVaeOptions {
  readonly config: VaeConfig;
  /** Returns the pictures of an iteration, all of one size: a pure function of its number. */
  readonly pictures: (iteration: number) => readonly Frame[];
  /** Identity of the pictures; a resume must use the same. */
  readonly data: string;
  readonly folder: string;
  readonly iterations: number;
  readonly seed?: number;
  readonly learningRate?: number;
  /** Initial weights; random by default. */
  readonly start?: Weights;
  /** Weights that keep their values of `start`. */
  readonly frozen?: RegExp;
  readonly saveEvery?: number;
  readonly resume?: boolean;
  /** By default the number of cores. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Weight of the differences between neighbouring pixels, for sharp edges. */
const EDGE_WEIGHT = 1;
/** Weight of green relative to the mean of red and blue: it has the least variance and is learned last. */
const GREEN_WEIGHT = 3;
/** Weight of the posterior's KL divergence from a unit normal (Kingma and Welling 2014). */
const KL_WEIGHT = 1e-5;

/**
 * The loss is |x' - x| + |grad x' - grad x| + 3 |Cg' - Cg| + small KL, with x' decoded from a sample of the posterior and Cg
 * = G/2 - (R + B)/4, the green axis of YCoCg. AdamW with a cosine learning-rate schedule, and an average of the weights. The
 * state of the steps has the trained weights.
 *
 * @throws FailureError when the loss turns NaN; UsageError on a resume with other settings
 */
export async function* pretrainVae(options: PretrainVaeOptions): AsyncGenerator<TrainingStep, void, undefined> {
  const { config, pictures, iterations, seed = 0, learningRate = 1e-3, saveEvery = 200 } = options;
  const { resume, threads, signal } = options;
  const sample = pictures(0);
  const [{ width, height }] = sample;
  const factor = 2 ** (config.blockOutChannels.length - 1);
  const latentShape = [sample.length, config.latentChannels, height / factor, width / factor];

  const scope = createScope();
  const image = g.input('image', [sample.length, 3, height, width]);
  const { mean, logvar } = vaeEncoder(scope, config, image);
  const noise = g.input('noise', latentShape);
  const latent = g.add(mean, g.multiply(g.exp(g.multiply(g.scalar(0.5), logvar)), noise));
  const loss = reconstructionLoss(vaeDecoder(scope, config, latent), image, mean, logvar);

  const all = options.start ?? initialWeights(scope, seed);
  const frozen = new Map([...all].filter(([name]) => options.frozen?.test(name)));
  const trained = new Map(
    [...scope.weights.keys()].filter((name) => !frozen.has(name)).map((name) => [name, all.get(name)!]),
  );
  const program = await compileGradients(loss, scope, { trained: [...trained.keys()], frozen }, given({ threads }));
  try {
    yield* train({
      program,
      weights: trained,
      optimizer: adamw({ weightDecay: 1e-4 }),
      learningRate: cosineAfterWarmup(learningRate, iterations, 200, learningRate / 50),
      iterations,
      batch: async (iteration) => ({
        image: framesToImage(pictures(iteration)),
        noise: randn(iteration, latentShape),
      }),
      clipNorm: 1,
      averageDecay: 0.999,
      folder: options.folder,
      saveAfter: (iteration) => iteration % saveEvery === 0,
      settings: {
        network: config.raw,
        data: options.data,
        ...{ seed, learningRate, iterations, loss: 'l1+edges+green+kl' },
        ...(options.start && { start: 'given weights' }),
        ...(options.frozen && { frozen: String(options.frozen) }),
      },
      ...given({ resume, signal }),
    });
  } finally {
    await program.dispose();
  }
}

function reconstructionLoss(decoded: Node, image: Node, mean: Node, logvar: Node): Node {
  const difference = g.subtract(decoded, image);
  const [batch, channels, height, width] = difference.shape;
  const cut = (y: number, x: number): Node =>
    g.slice(difference, [0, 0, y, x], [batch, channels, height - 1 + y, width - 1 + x]);
  const corner = cut(0, 0);
  const edges = g.add(g.mean(g.abs(g.subtract(cut(0, 1), corner))), g.mean(g.abs(g.subtract(cut(1, 0), corner))));
  const channel = (i: number): Node => g.slice(difference, [0, i, 0, 0], [batch, i + 1, height, width]);
  const redBlue = g.multiply(g.scalar(0.5), g.add(channel(0), channel(2)));
  const green = g.mean(g.abs(g.multiply(g.scalar(0.5), g.subtract(channel(1), redBlue))));
  // 0.5 (mean^2 + variance - 1 - log variance)
  const spread = g.subtract(g.exp(logvar), logvar);
  const kl = g.mean(g.add(g.multiply(mean, mean), g.subtract(spread, g.scalar(1))));
  const terms: readonly (readonly [weight: number, term: Node])[] = [
    [EDGE_WEIGHT, edges],
    [GREEN_WEIGHT, green],
    [0.5 * KL_WEIGHT, kl],
  ];
  return terms.reduce(
    (sum, [weight, term]) => g.add(sum, g.multiply(g.scalar(weight), term)),
    g.mean(g.abs(difference)),
  );
}
