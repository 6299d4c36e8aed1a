// Runs ControlNets, one compiled program for each and for each shape of its inputs, and adds up what they give.

import { assertShape } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import type { CompileOptions } from '../../engine/compile.js';
import type { Program } from '../../engine/program.js';
import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.js';
import type { UNetConfig } from '../config/config.js';
import type { Control } from '../controls/controls.js';
import { conditionFactor, controlNet } from './controlnet.js';
import { conv } from './layers.js';
import { createPrograms } from './programs.js';
import { createScope } from './scope.js';
import { downHalf, type Residuals, type UNetNodes, unetLayers } from './unet.js';

/**
 * One picture [B, 3, H, W] in [0, 1] a control, in their order; null where a control is off.
 *
 * @inline
 */
export type Conditions = readonly (Tensor<'float32'> | null)[];

/** The ControlNets of a model as functions of their inputs. */
export interface RunnableControls {
  readonly open: readonly Program[];
  /** The sum over the controls of scale x residual, by the names of `residualNodes`. */
  residuals(inputs: ControlInputs, conditions: Conditions): Promise<Record<string, Tensor<'float32'>>>;
  dispose(): Promise<void>;
}

/** The UNet's inputs, as nodes for a program's graph and as its values. */
export interface ControlInputs {
  readonly nodes: UNetNodes;
  readonly values: Readonly<Record<string, Tensor>>;
}

const MIDDLE = 'residual middle';
const skipName = (i: number): string => `residual ${i}`;
/** The name of what is added to the first skip connection. */
export const FIRST_SKIP = skipName(0);

/** Inputs of a UNet's graph for residuals, of the shapes of its own skip connections and middle. */
export function residualNodes(config: UNetConfig, nodes: UNetNodes): Residuals {
  const scope = createScope();
  const first = conv(scope.at('conv_in'), nodes.sample, config.blockOutChannels[0], { kernel: 3, padding: 1 });
  const { skips, middle } = downHalf(scope, config, unetLayers(scope, config, nodes), first);
  return {
    skips: skips.map(({ shape }, i) => g.input(skipName(i), shape)),
    middle: g.input(MIDDLE, middle.shape),
  };
}

/** The ControlNets of a model whose UNet has this configuration. */
export function runnableControls(
  controls: readonly Control[],
  config: UNetConfig,
  engine: CompileOptions,
): RunnableControls {
  const networks = controls.map((control) => {
    const { weights } = control.opened;
    let bytes = 0;
    for (const { shape } of weights.values()) bytes += 4 * sizeOf(shape);
    return { control, programs: createPrograms(weights, bytes, engine) };
  });
  return {
    get open() {
      return networks.flatMap(({ programs }) => programs.open);
    },
    async residuals(inputs, conditions) {
      checkNumber(controls, conditions);
      let sum: Record<string, Tensor<'float32'>> | undefined;
      for (const [i, { control, programs }] of networks.entries()) {
        const condition = conditions[i];
        if (condition === null) continue;
        checkPicture(condition, control, inputs.nodes.sample);
        const { sample, context } = inputs.nodes;
        const program = await programs.get(`${sample.shape} ${context.shape}`, () =>
          namedResiduals(
            controlNet(createScope(), control.opened.config, inputs.nodes, g.input('condition', condition.shape)),
          ),
        );
        const result = await program.run({ ...inputs.values, condition: inOrder(condition, control) });
        sum = added(sum, result, control.scale);
      }
      return sum ?? zeros(residualNodes(config, inputs.nodes));
    },
    async dispose() {
      for (const { programs } of networks) await programs.dispose();
    },
  };
}

function namedResiduals({ skips, middle }: Residuals): Record<string, Node> {
  return { ...Object.fromEntries(skips.map((skip, i) => [skipName(i), skip])), [MIDDLE]: middle };
}

function zeros(residuals: Residuals): Record<string, Tensor<'float32'>> {
  const named = Object.entries(namedResiduals(residuals));
  return Object.fromEntries(
    named.map(([name, { shape }]) => [name, tensor('float32', shape, new Float32Array(sizeOf(shape)))]),
  );
}

/** sum + scale x residual; without a sum, the scaled residuals. */
function added(
  sum: Record<string, Tensor<'float32'>> | undefined,
  residuals: Readonly<Record<string, Tensor<'float32'>>>,
  scale: number,
): Record<string, Tensor<'float32'>> {
  if (!sum && scale === 1) return { ...residuals };
  return Object.fromEntries(
    Object.entries(residuals).map(([name, { shape, data }]) => {
      const before = sum?.[name].data;
      return [
        name,
        tensor(
          'float32',
          shape,
          data.map((value, i) => (before ? before[i] : 0) + scale * value),
        ),
      ];
    }),
  );
}

function checkNumber(controls: readonly Control[], conditions: Conditions): void {
  if (controls.length === conditions.length) return;
  throw new UsageError(
    `conditions: ${conditions.length} pictures were given for the model's ${controls.length} controls; pass one a control`,
  );
}

function checkPicture({ shape }: Tensor, { opened: { config }, path }: Control, { shape: [B, , h, w] }: Node): void {
  const factor = conditionFactor(config);
  const bound = { B, H: factor * h, W: factor * w };
  const remedy = 'pass pictures of the size that is rendered, in [0, 1], channels first';
  assertShape(`conditions: the picture for ${path}`, shape, ['B', config.conditionChannels, 'H', 'W'], {
    remedy,
    bound,
  });
}

/** The picture with its channels in the order that the network was trained with. */
function inOrder(condition: Tensor<'float32'>, { opened: { config } }: Control): Tensor<'float32'> {
  if (config.channelOrder === 'rgb') return condition;
  const [batch, channels, height, width] = condition.shape;
  const plane = height * width;
  const data = new Float32Array(condition.data.length);
  for (let row = 0; row < batch; row++) {
    for (let c = 0; c < channels; c++) {
      const from = (row * channels + channels - 1 - c) * plane;
      data.set(condition.data.subarray(from, from + plane), (row * channels + c) * plane);
    }
  }
  return tensor('float32', condition.shape, data);
}
