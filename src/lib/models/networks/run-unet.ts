// Runs the UNet, with one compiled program for each shape of its inputs.

import { assertSameLength, assertShape } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import { ops as g } from '../../graph/ops.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { UNetConfig } from '../config/config.js';
import {
  type AnchoredGraph,
  type AnchoredRows,
  type Anchors,
  anchoredUnet,
  anchorInputs,
  nextAnchors,
} from './anchored-unet.js';
import type { Programs } from './programs.js';
import { type Conditions, FIRST_SKIP, type RunnableControls, residualNodes } from './run-controls.js';
import { type Adapter, createScope } from './scope.js';
import { type Residuals, type UNetNodes, unet, unetGraph } from './unet.js';

/**
 * What a prediction may depend on besides its inputs.
 *
 * @inline
 */
export interface PredictOptions {
  /** One picture [B, 3, H, W] in [0, 1] a control of the model, null for one that is off; no controls by default. */
  readonly conditions?: Conditions;
  /**
   * The guidance scale of each sample, for a network that takes it as an input (`config.unet.guidanceDim`); without it such a
   * network predicts unguided.
   */
  readonly guidance?: readonly number[];
}

/** Inputs of a run: samples [B, C, h, w], timesteps [B] of any number type, contexts [B, T, D]. */
export interface UNetInputs extends PredictOptions {
  readonly sample: Tensor<'float32'>;
  readonly timesteps: Tensor;
  readonly context: Tensor<'float32'>;
}

/** The prediction for the inputs of a run. */
export function predictionOf(
  network: Pick<RunnableUNet, 'predict'>,
  { sample, timesteps, context, ...options }: UNetInputs,
): Promise<Tensor<'float32'>> {
  return network.predict(sample, timesteps, context, options);
}

/** What may differ from the weights in the checkpoint. */
export interface UNetChanges {
  /** Low-rank updates by the path of their layer. */
  readonly adapters: ReadonlyMap<string, readonly Adapter[]>;
  /** Values of the weights that are inputs of the programs; they may change between runs. */
  readonly weights?: ReadonlyMap<string, Tensor>;
  readonly controls: RunnableControls;
}

/** How a batch of consecutive frames attends to earlier ones; without anchors, it begins with the first frame. */
export interface Anchoring extends AnchoredRows {
  readonly anchors?: Anchors | undefined;
}

/** The output of a batch, and the anchors of the next one. */
export interface AnchoredOutput {
  readonly output: Tensor<'float32'>;
  readonly anchors: Anchors;
}

/** What later passes of the same rows can take over from one. */
export interface CachedFeature {
  /** The deep feature, see `UNetGraph`. */
  readonly deep: Tensor<'float32'>;
  /** What controls add to the first skip connection; absent without controls. */
  readonly residual?: Tensor<'float32'>;
}

/** The output of a pass, and what later ones can take over. */
export interface CachedOutput {
  readonly output: Tensor<'float32'>;
  readonly cached: CachedFeature;
}

/** The UNet as functions of its inputs. */
export interface RunnableUNet {
  /**
   * The raw output of the UNet (epsilon or v) for samples [B, C, h, w] at timesteps [B] (int32, or float32 with
   * fractions) given contexts [B, T, D]; with `conditions`, under the model's controls; with `guidance`, at these scales, where
   * the network takes them.
   */
  predict(
    sample: Tensor<'float32'>,
    timesteps: Tensor,
    context: Tensor<'float32'>,
    options?: PredictOptions,
  ): Promise<Tensor<'float32'>>;
  /**
   * As `predict` for consecutive frames at one timestep, whose up blocks attend to the first frame and the previous one.
   * Returns the anchors of the next batch too.
   *
   * @hidden
   */
  predictAnchored(inputs: UNetInputs, anchoring: Anchoring): Promise<AnchoredOutput>;
  /**
   * As `predict`, with what later passes can take over; given that of an earlier one, only the last layer and what it needs
   * are computed, and controls are those of the earlier pass [Ma et al. 2023, DeepCache].
   *
   * @hidden
   */
  predictCached(inputs: UNetInputs, cached?: CachedFeature): Promise<CachedOutput>;
}

/** The UNet whose programs are compiled into `programs`. */
export function runnableUnet(
  programs: Programs,
  config: UNetConfig,
  { adapters, weights = new Map(), controls }: UNetChanges,
): RunnableUNet {
  const graphs = new Map<string, AnchoredGraph['shapes']>();
  return {
    async predict(sample, timesteps, context, options = {}) {
      const { key, nodes, values, residuals } = await prepare(config, controls, {
        ...options,
        sample,
        timesteps,
        context,
      });
      const program = await programs.get(key, () => ({
        output: unet(createScope(adapters), config, nodes, residuals && { residuals }),
      }));
      return (await program.run({ ...Object.fromEntries(weights), ...values })).output;
    },
    async predictAnchored(inputs, { kind, prompts, anchors }) {
      const { nodes, values, residuals, ...prepared } = await prepare(config, controls, inputs);
      const key = `${prepared.key} ${kind} ${prompts}`;
      const rows = { kind, prompts, ...(residuals && { residuals }) };
      const program = await programs.get(key, () => {
        const { outputs, shapes } = anchoredUnet(createScope(adapters), config, nodes, rows);
        graphs.set(key, shapes);
        return outputs;
      });
      const shapes = graphs.get(key)!;
      const given = { ...Object.fromEntries(weights), ...values, ...anchorInputs(shapes, anchors) };
      const result = await program.run(given);
      return { output: result.output, anchors: nextAnchors(shapes, result, anchors) };
    },
    async predictCached(inputs, cached) {
      if (cached) {
        const { deep, residual } = cached;
        const nodes = nodesOf(inputs);
        const program = await programs.get(`${keyOf(config, inputs)} after ${deep.shape} ${residual?.shape}`, () => {
          const residuals = residual && { residuals: residualNodes(config, nodes) };
          const additions = { deep: g.input('deep', deep.shape), ...residuals };
          return { output: unet(createScope(adapters), config, nodes, additions) };
        });
        const given = { ...valuesOf(inputs), deep, ...(residual && { [FIRST_SKIP]: residual }) };
        return { output: (await program.run({ ...Object.fromEntries(weights), ...given })).output, cached };
      }
      const { key, nodes, values, residuals } = await prepare(config, controls, inputs);
      const program = await programs.get(`${key} deep`, () => ({
        ...unetGraph(createScope(adapters), config, nodes, residuals && { residuals }),
      }));
      const { output, deep } = await program.run({ ...Object.fromEntries(weights), ...values });
      const residual = values[FIRST_SKIP] as Tensor<'float32'> | undefined;
      return { output, cached: { deep, ...(residual && { residual }) } };
    },
  };
}

/** A run: the key of its program, and its inputs as nodes and as values. */
interface Prepared {
  readonly key: string;
  readonly nodes: UNetNodes;
  readonly values: Record<string, Tensor>;
  /** Present under controls, also where all of them are off: one program serves all steps. */
  readonly residuals?: Residuals;
}

async function prepare(config: UNetConfig, controls: RunnableControls, inputs: UNetInputs): Promise<Prepared> {
  const key = keyOf(config, inputs);
  const { conditions = [] } = inputs;
  const [nodes, values] = [nodesOf(inputs), valuesOf(inputs)];
  if (conditions.length === 0) return { key, nodes, values };
  const residuals = residualNodes(config, nodes);
  const added = await controls.residuals({ nodes, values }, conditions);
  return { key: `${key} controlled`, nodes, values: { ...values, ...added }, residuals };
}

/** The shapes of the inputs, which must fit. */
function keyOf(
  { inChannels, crossAttentionDim, guidanceDim }: UNetConfig,
  { sample, timesteps, context, guidance }: UNetInputs,
): string {
  const samples = ['B', inChannels, 'h', 'w'];
  const { B } = assertShape('predict: the sample', sample.shape, samples, { remedy: 'pass scaled latents' });
  const remedy = 'pass one timestep a sample';
  assertShape('predict: the timesteps', timesteps.shape, ['B'], { remedy, bound: { B } });
  const bound = { remedy: 'pass what encodeText gives', bound: { B } };
  assertShape('predict: the context', context.shape, ['B', 'T', crossAttentionDim], bound);
  if (!guidance) return `${sample.shape} ${context.shape}`;
  if (guidanceDim === undefined) {
    throw new UsageError(
      'predict: guidance was given to a network that does not take it; leave it out, and combine two predictions instead',
    );
  }
  assertSameLength('predict: guidance', guidance.length, B);
  return `${sample.shape} ${context.shape} guided`;
}

function nodesOf({ sample, context, guidance }: UNetInputs): UNetNodes {
  return {
    ...(guidance && { guidance: g.input('guidance', [guidance.length]) }),
    sample: g.input('sample', sample.shape),
    timesteps: g.input('timesteps', [sample.shape[0]]),
    context: g.input('context', context.shape),
  };
}

function valuesOf({ sample, timesteps, context, guidance }: UNetInputs): Record<string, Tensor> {
  const times = Float32Array.from(timesteps.data as Float32Array, Number);
  return {
    ...(guidance && { guidance: tensor('float32', [guidance.length], Float32Array.from(guidance)) }),
    ...{ sample, timesteps: tensor('float32', timesteps.shape, times), context },
  };
}
