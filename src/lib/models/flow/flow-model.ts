// An optical-flow network from its files: weights in float16 and their configuration.

import { join } from 'node:path';
import { z } from 'zod';
import { packageFile } from '../../base/package-file.js';
import type { CompileOptions } from '../../engine/compile.js';
import { ops as g } from '../../graph/ops.js';
import { toFloat32 } from '../../tensor/half.js';
import { readSafetensors } from '../../tensor/safetensors.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { count } from '../config/fields.js';
import { parseJsonFile } from '../config/json-file.js';
import { createPrograms } from '../networks/programs.js';
import { createScope } from '../networks/scope.js';
import { type FlowNetworkConfig, flowBothWays, flowNetwork } from './flow-network.js';

/** An open network. */
export interface FlowModel {
  /**
   * The flow from pictures to others, [B, 3, H, W] in [-1, 1] with sides that are multiples of 16, to [B, 2, H, W] in
   * pixels, dx before dy.
   */
  flow(from: Tensor<'float32'>, to: Tensor<'float32'>): Promise<Tensor<'float32'>>;
  /** The flows from the first of two pictures [2, 3, H, W] to the second, and back: [2, 2, H, W]. */
  bothWays(pictures: Tensor<'float32'>): Promise<Tensor<'float32'>>;
  dispose(): Promise<void>;
}

/** Names of the files of a network. */
export const FLOW_FILES = { weights: 'flow.safetensors', config: 'config.json' } as const;

/** The folder of the network that the package brings. */
export function bundledFlowNetwork(): string {
  return packageFile('models/flow');
}

const schema = z.object({
  features: count,
  hidden: count,
  motion: count,
  radius: count,
  levels: count,
  iterations: count,
});

/**
 * Opens the network of a folder; sessions are compiled for each size when it is first used.
 *
 * @throws UsageError when a file is missing or no network of this kind
 */
export async function openFlowModel(
  folder: string = bundledFlowNetwork(),
  options: CompileOptions = {},
): Promise<FlowModel> {
  const config: FlowNetworkConfig = parseJsonFile(join(folder, FLOW_FILES.config), schema);
  const weights = await readFlowWeights(folder);
  const bytes = [...weights.values()].reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const programs = createPrograms(weights, bytes, options);
  return {
    async flow(from, to) {
      const { shape } = from;
      const program = await programs.get(`from ${shape}`, () => {
        const pictures = { from: g.input('from', shape), to: g.input('to', shape) };
        return { flow: flowNetwork(createScope(), config, pictures).flow };
      });
      return (await program.run({ from, to })).flow as Tensor<'float32'>;
    },
    async bothWays(pictures) {
      const { shape } = pictures;
      const program = await programs.get(`both ${shape}`, () => ({
        flow: flowBothWays(createScope(), config, g.input('pictures', shape)).flow,
      }));
      return (await program.run({ pictures })).flow as Tensor<'float32'>;
    },
    dispose: () => programs.dispose(),
  };
}

/**
 * The weights of a network's folder, as float32.
 *
 * @throws UsageError when the file is missing or damaged
 */
export async function readFlowWeights(folder: string): Promise<Map<string, Tensor<'float32'>>> {
  const stored = await readSafetensors(join(folder, FLOW_FILES.weights));
  return new Map(Object.entries(stored).map(([name, value]) => [name, toFloat32(value)]));
}
