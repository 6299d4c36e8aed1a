// Trains a ControlNet for a denoising network that stays as it is (Zhang et al. 2023), on latents, captions and edges from
// the caller.

import { given } from '../../lib/base/given.js';
import { seedOf } from '../../lib/base/hash.js';
import { createGenerator } from '../../lib/base/random.js';
import { ops as g } from '../../lib/graph/ops.js';
import type { Node } from '../../lib/graph/types.js';
import type { ControlNetConfig } from '../../lib/models/config/controlnet.js';
import { clipText } from '../../lib/models/networks/clip-text.js';
import { conditionFactor, controlNet } from '../../lib/models/networks/controlnet.js';
import { createScope, type RootScope, type Scope } from '../../lib/models/networks/scope.js';
import { unet } from '../../lib/models/networks/unet.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { adamw, type Weights } from '../../lib/training/loop/adamw.js';
import { compileGradients } from '../../lib/training/loop/gradient-program.js';
import { initialWeights } from '../../lib/training/loop/initial-weights.js';
import { constantAfterWarmup } from '../../lib/training/loop/learning-rate.js';
import { train } from '../../lib/training/loop/train.js';
import { weightedLoss } from '../../lib/training/loss/objective.js';
import {
  type CaptionedLatents,
  type DenoiserConfig,
  type DenoiserStep,
  judgedSteps,
  noisedBatch,
  type PretrainDenoiserOptions,
  UNET_PREFIX,
} from './pretrain-denoiser.js';

/** The frozen networks, and the ControlNet. */
export interface ControlledDenoiserConfig extends DenoiserConfig {
  readonly controlNet: ControlNetConfig;
}

/** Settings of the training; samples have edges. `start` is the ControlNet's, by default a copy of the UNet's. */
export interface PretrainControlNetOptions extends ControlledDenoiserConfig, Omit<PretrainDenoiserOptions, 'start'> {
  /** Weights of the frozen networks, named as those of `pretrainDenoiser`. */
  readonly base: Weights;
  readonly start?: Weights;
}

/** Prefix of the names of the ControlNet's weights while it is trained. */
export const CONTROLNET_PREFIX = 'controlnet.';

/** Layers that start at zero, so that an untrained ControlNet changes nothing. */
const ZERO_AT_FIRST = /^controlnet\.(controlnet_(down_blocks|mid_block)|controlnet_cond_embedding\.conv_out)\b/;
/** Share of the pictures whose edges are left out, so that weights below 1 and empty maps mean something. */
const DROPPED = 0.1;

/**
 * The loss is that of `pretrainDenoiser` for the network with its ControlNet. AdamW, a constant learning rate after a
 * warm-up, and an average of the weights: a training may be continued beyond its iterations.
 *
 * @throws FailureError when the loss turns NaN; UsageError on a resume with other settings
 */
export async function* pretrainControlNet(
  options: PretrainControlNetOptions,
): AsyncGenerator<DenoiserStep, void, undefined> {
  const { base, iterations, seed = 0, learningRate = 3e-4, warmup = 100, saveEvery = 200, heldOut = [] } = options;
  const { start, resume, threads, signal } = options;
  const scope = createScope();
  const loss = controlledLoss(scope, options);
  const trained = [...scope.weights.keys()].filter((name) => name.startsWith(CONTROLNET_PREFIX));
  const program = await compileGradients(loss, scope, { trained, frozen: base }, given({ threads }));
  const steps = train({
    program,
    weights: start ?? copiedWeights(scope, base, seed),
    optimizer: adamw({ weightDecay: 1e-2 }),
    learningRate: constantAfterWarmup(learningRate, warmup),
    iterations,
    batch: async (iteration) => {
      const samples = await options.samples(iteration);
      const { uniform } = createGenerator(seedOf(`${seed} dropped ${iteration}`));
      const edges = edgesOf(samples).map((map) => (uniform() < DROPPED ? new Uint8Array(map.length) : map));
      return {
        ...noisedBatch(options, samples, `${seed} ${iteration}`),
        condition: conditionOf(options, edges),
      };
    },
    clipNorm: 1,
    averageDecay: 0.998,
    folder: options.folder,
    saveAfter: (iteration) => iteration % saveEvery === 0,
    settings: {
      networks: [options.controlNet.unet.raw, options.text.raw],
      prediction: options.predictionType,
      data: options.data,
      latentShape: options.latentShape,
      start: start ? 'given weights' : "the network's weights",
      ...{ seed, learningRate, warmup },
      ...(options.noiseOffset && { noiseOffset: options.noiseOffset }),
    },
    ...given({ resume, signal }),
  });
  const judged = heldOut.map((samples, i) => () => ({
    ...noisedBatch(options, samples, `held out ${i}`),
    condition: conditionOf(options, edgesOf(samples)),
  }));
  yield* judgedSteps(steps, program, judged);
}

/** The loss as a graph, with the inputs sample, timesteps, ids, condition, target and weights. */
function controlledLoss(scope: Scope, options: ControlledDenoiserConfig): Node {
  const { unet: config, text, controlNet: control, latentShape, tokens } = options;
  const [batch] = latentShape;
  const inputs = {
    sample: g.input('sample', latentShape),
    timesteps: g.input('timesteps', [batch]),
    context: clipText(scope.at('text_model'), text, g.input('ids', [batch, tokens], 'int32')),
  };
  const condition = g.input('condition', conditionShape(options));
  const residuals = controlNet(scope.at('controlnet'), control, inputs, condition);
  const output = unet(scope.at('unet'), config, inputs, { residuals });
  return weightedLoss(output, g.input('target', latentShape), g.input('weights', [batch]));
}

/** [B, 3, H, W]. */
function conditionShape({ controlNet: config, latentShape }: ControlledDenoiserConfig): number[] {
  const factor = conditionFactor(config);
  const [batch, , height, width] = latentShape;
  return [batch, 3, factor * height, factor * width];
}

/** Edges as white lines on black. */
function conditionOf(config: ControlledDenoiserConfig, edges: readonly Uint8Array[]): Tensor<'float32'> {
  const shape = conditionShape(config);
  const [batch, channels, height, width] = shape;
  const data = new Float32Array(batch * channels * height * width);
  edges.forEach((map, i) => {
    for (let c = 0; c < channels; c++) data.set(map, (i * channels + c) * map.length);
  });
  return tensor('float32', shape, data);
}

function edgesOf({ edges }: CaptionedLatents): readonly Uint8Array[] {
  if (!edges) throw new TypeError('the samples have no edges');
  return edges;
}

/** Copies of the UNet's weights, zeros for the layers that lead to it, random ones for those that read the condition. */
function copiedWeights(scope: RootScope, base: Weights, seed: number): Weights {
  const initial = initialWeights(scope, seed);
  const own = [...scope.weights.keys()].filter((name) => name.startsWith(CONTROLNET_PREFIX));
  return new Map(
    own.map((name) => {
      const random = initial.get(name)!;
      if (ZERO_AT_FIRST.test(name)) return [name, { ...random, data: new Float32Array(random.data.length) }];
      return [name, base.get(UNET_PREFIX + name.slice(CONTROLNET_PREFIX.length)) ?? random];
    }),
  );
}
