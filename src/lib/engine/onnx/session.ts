// Opens ONNX Runtime sessions: the model with its weights in place, on a device that starts or fails with the reason.

import type * as ort from 'onnxruntime-node';
import { variable } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import type { Node } from '../../graph/types.js';
import type { TensorEntry } from '../../tensor/safetensors.js';
import { BYTES_PER_ELEMENT, sizeOf, type Tensor } from '../../tensor/tensor.js';
import { type Device, deviceFailure } from '../devices.js';
import type { CompileOptions } from '../engine.js';
import type { Placement, WeightAccess, WeightSource } from '../program.js';
import { lowerGraph, type WeightPlace } from './lower.js';
import { profilePrefix } from './placement.js';
import { onnxruntime } from './runtime.js';
import { encodeModel, type ValueInfoProto } from './schema.js';
import { fallenOperators, isStrict, NO_FALLBACK } from './strict.js';
import { withEnding } from './uncopied-outputs.js';
import { placeWeights } from './weight-files.js';

/** A session and its properties. */
export interface Session {
  readonly session: ort.InferenceSession;
  readonly inputs: readonly { name: string; shape: readonly number[] }[];
  readonly outputs: readonly { name: string; shape: readonly number[] }[];
  readonly access: WeightAccess;
  /** Bytes of its frozen weights, with the floats of the arithmetic. */
  readonly weightBytes: number;
  /** Whether its model has an ending, see uncopied-outputs.ts. */
  readonly uncopied: boolean;
  /** Path prefix of the first run's profile, from which the placement is read; null on the CPU. */
  readonly profile: string | null;
  placement: Placement | null;
}

/**
 * Lowers a graph and opens a session.
 *
 * @param weights the weights that the graph uses, except trained ones
 */
export async function openSession(
  outputs: Readonly<Record<string, Node>>,
  weights: WeightSource,
  device: Device,
  options: CompileOptions,
): Promise<Session> {
  const entries = new Map<string, TensorEntry>();
  const inline = new Map<string, WeightPlace>();
  for (const [name, source] of weights) {
    if (!('data' in source)) entries.set(name, source);
    else inline.set(name, { kind: 'inline', dtype: floatType(name, source), bytes: bytesOf(source) });
  }
  const files = await placeWeights(entries);
  try {
    const model = lowerGraph(outputs, (name) => files.places.get(name) ?? inline.get(name) ?? { kind: 'input' }, {
      target: targetOf(device),
      precision: options.precision,
    });
    const profile = device === 'cpu' ? null : profilePrefix();
    const uncopied = leavesUncopied(device, options);
    const session = await createSession(encodeModel(uncopied ? withEnding(model) : model), device, {
      graphOptimizationLevel: optimizationLevel(options),
      ...(options.lean && { enableCpuMemArena: false, enableMemPattern: false }),
      executionMode: 'sequential',
      logSeverityLevel: 3,
      ...(options.threads && { intraOpNumThreads: options.threads }),
      ...(files.externalData.length > 0 && { externalData: files.externalData.map((file) => ({ ...file })) }),
      ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
      extra: {
        session: {
          ...(files.folder && { model_external_initializers_file_folder_path: files.folder }),
          ...(options.lean && { disable_prepacking: '1' }),
          ...(options.strict && device !== 'cpu' && NO_FALLBACK),
        },
      },
    });
    const shapesOf = (values: readonly ValueInfoProto[]): Session['inputs'] =>
      values.map(({ name, type }) => ({ name, shape: type.tensorType.shape.dim.map(({ dimValue }) => dimValue) }));
    const given = shapesOf(model.graph.input);
    const made = Object.entries(outputs).map(([name, { shape }]) => ({ name, shape }));
    const numbers = [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return {
      ...{ session, inputs: given, outputs: made, access: files.access, uncopied, profile, placement: null },
      weightBytes: numbers * BYTES_PER_ELEMENT[options.precision ?? 'float32'],
    };
  } finally {
    // Mapped files stay mapped after their links are removed, and a killed process leaves nothing in the cache.
    await files.release();
  }
}

/** Whether outputs are not copied: those of programs that train, which may be all gradients. */
export const leavesUncopied = (device: Device, { trained }: CompileOptions): boolean =>
  device === 'cpu' && trained !== undefined && trained.size > 0;

function optimizationLevel({ lean }: CompileOptions): 'all' | 'extended' | 'disabled' {
  if (variable('STEADYFRAME_TEST_UNOPTIMIZED')) return 'disabled';
  // The highest level also reorders the weights of convolutions.
  return lean ? 'extended' : 'all';
}

/** The kind of lowering that suits a device. */
export const targetOf = (device: Device): 'cpu' | 'gpu' => (device === 'cpu' ? 'cpu' : 'gpu');

async function createSession(
  model: Uint8Array,
  device: Device,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  const { InferenceSession, listSupportedBackends } = onnxruntime();
  if (!listSupportedBackends().some(({ name }) => name === device)) {
    throw deviceFailure(device, `onnxruntime-node for ${process.platform}-${process.arch} does not contain it`);
  }
  const create = (chosen: ort.InferenceSession.SessionOptions): Promise<ort.InferenceSession> =>
    InferenceSession.create(model, { ...chosen, executionProviders: [device] });
  try {
    return await create(options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (isStrict(options) && /fallback/i.test(message)) {
      const fallen = await fallenOperators(create, options);
      throw new FailureError(
        `device ${device}: some nodes would fall back to the CPU (${fallen}), which strict forbids; drop strict, or use cpu`,
      );
    }
    if (device !== 'cpu') throw deviceFailure(device, message);
    throw new FailureError(`compile: ONNX Runtime refused the graph: ${message}`);
  }
}

function floatType(name: string, { dtype }: Tensor): 'float32' | 'float16' | 'bfloat16' {
  if (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') return dtype;
  throw new UsageError(`compile: weight '${name}' holds ${dtype}; weights are float32, float16 or bfloat16`);
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
