// Values that are the same in every run: weights, constants, and what is computed of them alone. Programs share equal ones.

import { createHash } from 'node:crypto';
import { toFloat32 } from '../../tensor/half.js';
import { readTensor } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { WeightSource } from '../program.js';
import { fileIdentity, weightOf } from '../values.js';
import type { Tfjs, TfTensor } from './api.js';
import { evaluate } from './evaluate.js';
import { nameOf, type Plan, withInputs } from './plan.js';
import type { Source, Step } from './steps.js';

/** Kept values by what they are, with the number of programs that use each one. */
type Pool = Map<string, { readonly value: TfTensor; users: number }>;

const pools = new WeakMap<Tfjs, Pool>();

/** Values in use, and how to let go of them. */
export interface FixedValues {
  readonly values: ReadonlyMap<Step, TfTensor>;
  release(): void;
}

/**
 * Reads and computes the fixed values that the runs of a plan need, unless another program has them.
 *
 * @throws UsageError when a weight was not given
 */
export async function fixedValues(tf: Tfjs, plan: Plan, weights: WeightSource): Promise<FixedValues> {
  const pool: Pool = pools.get(tf) ?? new Map();
  pools.set(tf, pool);
  const keys = await keysOf(plan.steps, weights);
  const values = new Map<Step, TfTensor>();
  const held: string[] = [];
  const hold = (step: Step, make: () => TfTensor): void => {
    const key = keys.get(step)!;
    const kept = pool.get(key) ?? { value: make(), users: 0 };
    kept.users++;
    pool.set(key, kept);
    held.push(key);
    values.set(step, kept.value);
  };
  const release = (): void => {
    for (const key of held) {
      const kept = pool.get(key)!;
      if (--kept.users > 0) continue;
      kept.value.dispose();
      pool.delete(key);
    }
  };
  const needed = neededSteps(plan);
  for (const step of needed) if (pool.has(keys.get(step)!)) hold(step, () => pool.get(keys.get(step)!)!.value);
  try {
    const kept = new Set([...needed].filter((step) => !values.has(step)));
    const steps = withInputs(plan.steps, kept);
    for (const [step, value] of await evaluate(tf, steps, { given: (source) => given(tf, source, weights), kept })) {
      hold(step, () => value);
      // Another program was faster.
      if (values.get(step) !== value) value.dispose();
    }
  } catch (error) {
    release();
    throw error;
  }
  return { values, release };
}

/** The fixed values that steps of a run, or outputs, refer to. */
function neededSteps({ steps, outputs }: Plan): Set<Step> {
  const needed = new Set<Step>([...outputs.values()].filter(({ fixed }) => fixed));
  for (const step of steps) {
    if (!step.fixed) for (const input of step.inputs) if (input.fixed) needed.add(input);
  }
  return needed;
}

/** The value of a weight or a constant. */
async function given(tf: Tfjs, source: Source, weights: WeightSource): Promise<TfTensor> {
  if (source.op === 'constant') return toTfjs(tf, (source as { attributes: { value: Tensor } }).attributes.value);
  const weight = weightOf(nameOf(source), weights);
  // JavaScript's backend keeps the array that it is given, and one in memory may change later.
  const value = 'data' in weight ? copied(toFloat32(weight)) : toFloat32(await readTensor(weight));
  return tf.tensor(value.data, source.shape, 'float32');
}

const copied = (value: Tensor<'float32'>): Tensor<'float32'> => ({ ...value, data: value.data.slice() });

/** A tensor of TensorFlow.js with the values of ours; indices as int32. */
export function toTfjs(tf: Tfjs, { dtype, shape, data }: Tensor): TfTensor {
  if (dtype === 'int64') return tf.tensor(Int32Array.from(data as BigInt64Array, Number), shape, 'int32');
  if (dtype === 'int32') return tf.tensor(data as Int32Array, shape, 'int32');
  return tf.tensor(data as Float32Array, shape, 'float32');
}

/** A hash of what each fixed step is: files by identity, values in memory by content. */
async function keysOf(steps: readonly Step[], weights: WeightSource): Promise<Map<Step, string>> {
  const files = new Map<string, string>();
  const keys = new Map<Step, string>();
  for (const step of steps) {
    if (!step.fixed) continue;
    const hash = createHash('sha256').update(JSON.stringify(step.shape));
    if (!step.source) {
      hash.update(JSON.stringify([step.kernel, step.args, step.inputs.map((input) => keys.get(input))]));
    } else {
      const { source } = step;
      const value =
        source.op === 'constant'
          ? (source as { attributes: { value: Tensor } }).attributes.value
          : weightOf(nameOf(source), weights);
      if ('data' in value) {
        const { buffer, byteOffset, byteLength } = value.data;
        hash.update(value.dtype).update(new Uint8Array(buffer, byteOffset, byteLength));
      } else {
        const { file, dtype, offset, length } = value;
        if (!files.has(file)) files.set(file, await fileIdentity(file));
        hash.update(JSON.stringify([files.get(file), dtype, offset, length]));
      }
    }
    keys.set(step, hash.digest('hex'));
  }
  return keys;
}
