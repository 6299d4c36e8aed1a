// Strict sessions, of which no node may fall back to the CPU. ONNX Runtime refuses those and does not say which nodes it
// means; a run without strictness does.

import type * as ort from 'onnxruntime-node';
import { sizeOf } from '../../tensor/tensor.js';
import { profilePrefix, readPlacement } from './placement.js';
import { onnxruntime } from './runtime.js';

/** The setting of a strict session. */
export const NO_FALLBACK = { disable_cpu_ep_fallback: '1' } as const;

type Options = ort.InferenceSession.SessionOptions;

const settingsOf = ({ extra }: Options): Record<string, unknown> => (extra?.session ?? {}) as Record<string, unknown>;

/** Whether these are the options of a strict session. */
export function isStrict(options: Options): boolean {
  return Object.keys(NO_FALLBACK).some((name) => name in settingsOf(options));
}

/** The operators that fall back to the CPU, each with its number, from a run over zeros. */
export async function fallenOperators(
  create: (options: Options) => Promise<ort.InferenceSession>,
  options: Options,
): Promise<string> {
  const prefix = profilePrefix();
  const allowed = Object.entries(settingsOf(options)).filter(([name]) => !(name in NO_FALLBACK));
  const session = await create({
    ...options,
    ...{ enableProfiling: true, profileFilePrefix: prefix },
    extra: { ...options.extra, session: Object.fromEntries(allowed) },
  });
  try {
    await session.run(zeros(session)).catch(() => {}); // an ending that is no tensor; nodes before it have run
    session.endProfiling();
    const { onCpu } = await readPlacement(prefix);
    return Object.entries(onCpu)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  } finally {
    await session.release();
  }
}

/** A zero of each type of a graph's inputs. */
const ARRAYS = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array } as const;

function zeros({ inputMetadata }: ort.InferenceSession): Record<string, ort.Tensor> {
  const { Tensor } = onnxruntime();
  const tensors = inputMetadata.flatMap((input) => {
    if (!input.isTensor) return [];
    const shape = input.shape as number[];
    const Elements = ARRAYS[input.type as keyof typeof ARRAYS];
    return [
      [input.name, new Tensor(input.type as 'float32', new Elements(sizeOf(shape)) as Float32Array, shape)] as const,
    ];
  });
  return Object.fromEntries(tensors);
}
