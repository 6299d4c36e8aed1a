// Compiles graphs to ONNX Runtime sessions and runs them. Equal graphs over equal weights share one session.

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ort from 'onnxruntime-node';
import { FailureError, UsageError } from '../../base/errors.js';
import { show } from '../../graph/shapes.js';
import type { Node } from '../../graph/types.js';
import type { TensorEntry } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Device, deviceFailure, resolveDevice } from '../devices.js';
import type { Placement, Program, WeightAccess, WeightSource } from '../program.js';
import { lowerGraph, type WeightPlace } from './lower.js';
import { readPlacement } from './placement.js';
import { encodeModel, type ModelProto } from './schema.js';
import { placeWeights } from './weight-files.js';

/** How to compile. */
export interface CompileOptions {
  /** Where to run; `STEADYFRAME_DEVICE`, else the CPU, by default. */
  device?: Device;
  /** Refuse a graph of which some node would fall back to the CPU. */
  strict?: boolean;
  /** Threads on the CPU; as many as there are cores by default. */
  threads?: number;
  /** Names of weights that are given at each run because they are being trained. */
  trained?: ReadonlySet<string>;
}

interface Session {
  readonly session: ort.InferenceSession;
  readonly model: ModelProto;
  readonly access: WeightAccess;
  readonly device: Device;
  readonly profile: string | null;
  placement: Placement | null;
}

/** Open sessions by the content of their graph and weights, with the number of programs that use each. */
const sessions = new Map<string, { opening: Promise<Session>; users: number }>();

/**
 * Compiles the graph of `outputs` (name to value).
 *
 * @param weights values of all weights that the graph names, except those that are trained
 * @throws UsageError when a weight is missing, FailureError when the device does not start
 */
export async function compile(
  outputs: Readonly<Record<string, Node>>,
  weights: WeightSource,
  options: CompileOptions = {},
): Promise<Program> {
  const device = resolveDevice(options.device);
  const used = new Set<string>();
  const draft = lowerGraph(
    outputs,
    (name) => {
      if (options.trained?.has(name)) return { kind: 'input' };
      if (!weights.has(name))
        throw new UsageError(`compile: the graph needs the weight '${name}', which was not given`);
      used.add(name);
      return { kind: 'external', dtype: 'float32', location: '', offset: 0, length: 0 };
    },
    targetOf(device),
  );
  const key = await contentKey(draft, used, weights, device, options);
  const shared = sessions.get(key) ?? { opening: open(outputs, used, weights, device, options), users: 0 };
  sessions.set(key, shared);
  // Counted before the first wait, so that nobody else's disposal can close the session meanwhile.
  shared.users++;
  const leave = async (): Promise<void> => {
    if (--shared.users > 0) return;
    sessions.delete(key);
    await (await shared.opening).session.release();
  };
  try {
    return programOf(await shared.opening, leave);
  } catch (error) {
    sessions.delete(key);
    throw error;
  }
}

/** Number of sessions that are open: for tests of disposal. */
export function openSessions(): number {
  return sessions.size;
}

async function contentKey(
  draft: ModelProto,
  used: ReadonlySet<string>,
  weights: WeightSource,
  device: Device,
  options: CompileOptions,
): Promise<string> {
  const hash = createHash('sha256').update(encodeModel(draft));
  hash.update(JSON.stringify([device, options.strict ?? false, options.threads ?? 0]));
  const identities = new Map<string, string>();
  for (const name of [...used].sort()) {
    const source = weights.get(name)!;
    if ('data' in source) {
      hash.update(name).update(new Uint8Array(source.data.buffer, source.data.byteOffset, source.data.byteLength));
      continue;
    }
    if (!identities.has(source.file)) {
      const { dev, ino, size, mtimeMs } = await stat(source.file);
      identities.set(source.file, `${dev} ${ino} ${size} ${mtimeMs}`);
    }
    hash.update(JSON.stringify([name, identities.get(source.file), source.dtype, source.offset, source.length]));
  }
  return hash.digest('hex');
}

async function open(
  outputs: Readonly<Record<string, Node>>,
  used: ReadonlySet<string>,
  weights: WeightSource,
  device: Device,
  options: CompileOptions,
): Promise<Session> {
  const entries = new Map<string, TensorEntry>();
  const inline = new Map<string, WeightPlace>();
  for (const name of used) {
    const source = weights.get(name)!;
    if (!('data' in source)) entries.set(name, source);
    else inline.set(name, { kind: 'inline', dtype: floatType(name, source), bytes: bytesOf(source) });
  }
  const files = await placeWeights(entries);
  try {
    const model = lowerGraph(
      outputs,
      (name) => files.places.get(name) ?? inline.get(name) ?? { kind: 'input' },
      targetOf(device),
    );
    const profile = device === 'cpu' ? null : join(tmpdir(), `steadyframe-profile-${process.pid}-${sessions.size}-`);
    const session = await createSession(encodeModel(model), device, {
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      logSeverityLevel: 3,
      ...(options.threads && { intraOpNumThreads: options.threads }),
      ...(files.externalData.length > 0 && { externalData: files.externalData.map((file) => ({ ...file })) }),
      ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
      extra: {
        session: {
          ...(files.folder && { model_external_initializers_file_folder_path: files.folder }),
          ...(options.strict && device !== 'cpu' && { disable_cpu_ep_fallback: '1' }),
        },
      },
    });
    return { session, model, access: files.access, device, profile, placement: null };
  } finally {
    // What is mapped stays mapped after its link is gone, and nothing is left in the cache when the process dies.
    await files.release();
  }
}

const targetOf = (device: Device): 'cpu' | 'gpu' => (device === 'cpu' ? 'cpu' : 'gpu');

let runtime: typeof ort | undefined;

function onnxruntime(): typeof ort {
  runtime ??= createRequire(import.meta.url)('onnxruntime-node') as typeof ort;
  return runtime;
}

async function createSession(
  model: Uint8Array,
  device: Device,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  const { InferenceSession, listSupportedBackends } = onnxruntime();
  if (!listSupportedBackends().some(({ name }) => name === device)) {
    throw deviceFailure(device, `onnxruntime-node for ${process.platform}-${process.arch} does not contain it`);
  }
  try {
    return await InferenceSession.create(model, { ...options, executionProviders: [device] });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (
      options.extra?.session &&
      'disable_cpu_ep_fallback' in (options.extra.session as object) &&
      /fallback/i.test(message)
    ) {
      throw new FailureError(
        `device ${device}: some nodes would fall back to the CPU, which strict forbids; drop strict, or use cpu`,
      );
    }
    if (device !== 'cpu') throw deviceFailure(device, message);
    throw new FailureError(`compile: ONNX Runtime refused the graph: ${message}`);
  }
}

function programOf(shared: Session, leave: () => Promise<void>): Program {
  let disposed = false;
  const { Tensor: OrtTensor } = onnxruntime();
  return {
    weights: shared.access,
    get placement() {
      return shared.placement;
    },
    async run(inputs) {
      if (disposed) throw new UsageError('Program.run: the program was disposed of; compile it again');
      const feeds: Record<string, ort.Tensor> = {};
      for (const { name, type } of shared.model.graph.input) {
        const given = inputs[name];
        const shape = type.tensorType.shape.dim.map(({ dimValue }) => dimValue);
        if (!given) throw new UsageError(`Program.run: input '${name}' ${show(shape)} is missing`);
        if (show(given.shape) !== show(shape)) {
          throw new UsageError(`Program.run: input '${name}' must be ${show(shape)}, not ${show(given.shape)}`);
        }
        feeds[name] = new OrtTensor(given.dtype as 'float32', given.data as Float32Array, given.shape);
      }
      const fetched = await shared.session.run(feeds);
      if (shared.profile && !shared.placement) {
        shared.session.endProfiling();
        shared.placement = await readPlacement(shared.profile);
      }
      return Object.fromEntries(
        Object.entries(fetched).map(([name, { dims, data }]) => [
          name,
          { dtype: 'float32' as const, shape: dims, data: data as Float32Array },
        ]),
      );
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await leave();
    },
  };
}

function floatType(name: string, { dtype }: Tensor): 'float32' | 'float16' | 'bfloat16' {
  if (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') return dtype;
  throw new UsageError(`compile: weight '${name}' holds ${dtype}; weights are float32, float16 or bfloat16`);
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
