// Compiles graphs to ONNX Runtime sessions and runs them. Equal graphs over equal weights share one session.

import { createHash } from 'node:crypto';
import type * as ort from 'onnxruntime-node';
import { variable } from '../../base/environment.js';
import { UsageError } from '../../base/errors.js';
import { ops } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { TensorEntry } from '../../tensor/safetensors.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { type Device, resolveDevice, resolveThreads, resolveWinograd } from '../devices.js';
import type { CompileOptions } from '../engine.js';
import type { Program, WeightSource } from '../program.js';
import { fileIdentity, inputOf, weightOf } from '../values.js';
import { lowerGraph } from './lower.js';
import { readPlacement } from './placement.js';
import { assertPrecision } from './precision.js';
import { onnxruntime } from './runtime.js';
import { encodeModel, type ModelProto } from './schema.js';
import { leavesUncopied, openSession, type Session, targetOf } from './session.js';
import { runUncopied } from './uncopied-outputs.js';
import { type WeightedGraph, withWinograd } from './winograd.js';
import type { KernelTransform } from './winograd-kernels.js';
import { MATRICES } from './winograd-matrices.js';

/** Open sessions by the content of their graph and weights, with the number of programs that use each one. */
const sessions = new Map<string, { opening: Promise<Session>; users: number }>();
/** Keys of sessions on the CPU that are open without use, the one that was used last at the end. */
const idle = new Set<string>();
const MOST_IDLE = Number(variable('STEADYFRAME_TEST_IDLE_SESSIONS') ?? 0);

/**
 * Compiles the graph of `results` (name to value).
 *
 * @param weights values of all weights that the graph names, except trained ones
 * @throws UsageError when a weight is missing, or the number of threads is none, FailureError when the device does not start
 */
export async function compile(
  results: Readonly<Record<string, Node>>,
  weights: WeightSource,
  asked: CompileOptions = {},
): Promise<Program> {
  const device = resolveDevice(asked.device);
  const options = { ...asked, threads: resolveThreads(asked.threads) };
  await assertPrecision(device, asked.precision);
  const graph = await quickest({ results, weights }, device, options);
  return await compileAs(graph, device, options);
}

/** The graph with quicker convolutions, where there are some: not on other devices, in training, or where memory is short. */
async function quickest(graph: WeightedGraph, device: Device, options: CompileOptions): Promise<WeightedGraph> {
  const where = resolveWinograd();
  if (where === 'off' || device !== 'cpu' || options.lean || options.trained?.size || options.precision === 'float16')
    return graph;
  const transform: KernelTransform = async (entry, { name, side, shape }) => {
    const { kernel } = MATRICES[side];
    const matrix = { dtype: 'float32' as const, shape: [kernel.length, 9], data: Float32Array.from(kernel.flat()) };
    const rows = ops.reshape(ops.weight(name, shape), [shape[0] * shape[1], 9]);
    const kernels = ops.matmul(ops.constant(matrix), rows, { transposeB: true });
    const { threads } = options;
    const program = await compileAs({ results: { kernels }, weights: new Map([[name, entry]]) }, device, {
      lean: true,
      threads,
    });
    try {
      return (await program.run({})).kernels.data;
    } finally {
      await program.dispose();
    }
  };
  return withWinograd(graph, transform, where === 'everywhere');
}

async function compileAs(
  { results, weights }: WeightedGraph,
  device: Device,
  options: CompileOptions,
): Promise<Program> {
  // A reshape at the end would copy the output; its numbers are the same without it.
  const named = Object.entries(results);
  const shapes = new Map(named.map(([name, { shape }]) => [name, shape]));
  const outputs = Object.fromEntries(
    named.map(([name, node]) => [name, node.op === 'reshape' ? node.inputs[0] : node]),
  );
  const used = new Map<string, TensorEntry | Tensor>();
  const draft = lowerGraph(
    outputs,
    (name) => {
      if (options.trained?.has(name)) return { kind: 'input' };
      used.set(name, weightOf(name, weights));
      return { kind: 'external', dtype: 'float32', location: '', offset: 0, length: 0 };
    },
    { target: targetOf(device), precision: options.precision },
  );
  const key = await contentKey(draft, used, device, options);
  const shared = sessions.get(key) ?? { opening: openSession(outputs, used, device, options), users: 0 };
  sessions.set(key, shared);
  idle.delete(key);
  // Counted before the first await, so that disposing of another program cannot close the session meanwhile.
  shared.users++;
  const leave = async (): Promise<void> => {
    if (--shared.users > 0) return;
    if (device !== 'cpu') return close(key);
    idle.add(key);
    if (idle.size > MOST_IDLE) await close(idle.values().next().value!);
  };
  try {
    return programOf(await shared.opening, shapes, leave);
  } catch (error) {
    sessions.delete(key);
    throw error;
  }
}

async function close(key: string): Promise<void> {
  const { opening } = sessions.get(key)!;
  sessions.delete(key);
  idle.delete(key);
  const opened = await opening;
  await notePlacement(opened);
  await opened.session.release();
}

/** Number of sessions in use, for tests of disposal. */
export function openSessions(): number {
  return sessions.size - idle.size;
}

/** Hash of a graph, the weights that it uses and everything else that a session depends on. */
async function contentKey(
  draft: ModelProto,
  used: WeightSource,
  device: Device,
  options: CompileOptions,
): Promise<string> {
  const hash = createHash('sha256').update(encodeModel(draft));
  const { strict = false, threads = 0, lean = false } = options;
  hash.update(JSON.stringify([device, strict, threads, lean, leavesUncopied(device, options)]));
  const identities = new Map<string, string>();
  for (const name of [...used.keys()].sort()) {
    const source = used.get(name)!;
    if ('data' in source) {
      hash.update(name).update(new Uint8Array(source.data.buffer, source.data.byteOffset, source.data.byteLength));
      continue;
    }
    if (!identities.has(source.file)) identities.set(source.file, await fileIdentity(source.file));
    hash.update(JSON.stringify([name, identities.get(source.file), source.dtype, source.offset, source.length]));
  }
  return hash.digest('hex');
}

/** Ends the profile of a session's first run, if there is one, and keeps the placement that it reports. */
async function notePlacement(opened: Session): Promise<void> {
  if (!opened.profile || opened.placement) return;
  opened.session.endProfiling();
  opened.placement = { ...(await readPlacement(opened.profile)), weightBytes: opened.weightBytes };
}

function programOf(
  shared: Session,
  shapes: ReadonlyMap<string, readonly number[]>,
  leave: () => Promise<void>,
): Program {
  let disposed = false;
  const { Tensor: OrtTensor } = onnxruntime();
  const resultOf = (name: string, data: Float32Array): Tensor<'float32'> => ({
    dtype: 'float32',
    shape: shapes.get(name)!,
    data,
  });
  return {
    weights: shared.access,
    get placement() {
      return shared.placement;
    },
    async run(inputs, into = {}) {
      if (disposed) throw new UsageError('Program.run: the program was disposed of; compile it again');
      const feeds: Record<string, ort.Tensor> = {};
      for (const { name, shape } of shared.inputs) {
        const given = inputOf(name, shape, inputs);
        feeds[name] = new OrtTensor(given.dtype as 'float32', given.data as Float32Array, given.shape);
      }
      if (shared.uncopied) {
        const written = shared.outputs.map(({ name, shape }) => {
          const data = into[name] ?? new Float32Array(sizeOf(shape));
          return { name, data, tensor: new OrtTensor('float32', data, shape) };
        });
        await runUncopied(shared.session, feeds, Object.fromEntries(written.map(({ name, tensor }) => [name, tensor])));
        return Object.fromEntries(written.map(({ name, data }) => [name, resultOf(name, data)]));
      }
      const fetches = shared.outputs.map(({ name, shape }) => [
        name,
        into[name] ? new OrtTensor('float32', into[name], shape) : null,
      ]);
      const fetched = await shared.session.run(feeds, Object.fromEntries(fetches));
      await notePlacement(shared);
      return Object.fromEntries(
        Object.entries(fetched).map(([name, { data }]) => [name, resultOf(name, into[name] ?? (data as Float32Array))]),
      );
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await leave();
    },
  };
}
