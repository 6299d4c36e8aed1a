// The values that a program is given, checked: weights when it is compiled, inputs at each run. For any engine.

import { stat } from 'node:fs/promises';
import { UsageError } from '../base/errors.js';
import { show } from '../graph/shapes.js';
import type { TensorEntry } from '../tensor/safetensors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { WeightSource } from './program.js';

/** The value of a weight. @throws UsageError when it was not given */
export function weightOf(name: string, weights: WeightSource): TensorEntry | Tensor {
  const weight = weights.get(name);
  if (!weight) throw new UsageError(`compile: the graph needs the weight '${name}', which was not given`);
  return weight;
}

/** The value of an input. @throws UsageError when it is missing or has another shape */
export function inputOf(name: string, shape: readonly number[], inputs: Readonly<Record<string, Tensor>>): Tensor {
  const given = inputs[name];
  if (!given) throw new UsageError(`Program.run: input '${name}' ${show(shape)} is missing`);
  if (show(given.shape) !== show(shape)) {
    throw new UsageError(`Program.run: input '${name}' must be ${show(shape)}, not ${show(given.shape)}`);
  }
  return given;
}

/** What tells a file, as it is now, from others, without reading it. */
export async function fileIdentity(file: string): Promise<string> {
  const { dev, ino, size, mtimeMs } = await stat(file);
  return `${dev} ${ino} ${size} ${mtimeMs}`;
}
