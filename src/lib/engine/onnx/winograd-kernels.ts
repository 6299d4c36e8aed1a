// Transformed kernels of Winograd's convolutions, in files of the cache that ONNX Runtime maps: they take 1.8 or 4 times the
// memory of the weights, and seconds to compute, but only once.

import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceAtomically } from '../../base/atomic-file.js';
import { FailureError, UsageError } from '../../base/errors.js';
import type { TensorEntry } from '../../tensor/safetensors.js';
import { sizeOf } from '../../tensor/tensor.js';
import type { WeightSource } from '../program.js';
import { fileIdentity } from '../values.js';
import { cacheFolder, weightAccess } from './weight-files.js';
import { MATRICES, type TileSide } from './winograd-matrices.js';

/** A kernel [O, I, 3, 3] that is wanted for tiles of a size. */
export interface KernelRequest {
  readonly name: string;
  readonly side: TileSide;
  readonly shape: readonly number[];
}

/** Kernels [(m + 2)^2, O, I] for tiles of m x m outputs. */
export interface TransformedKernels {
  nameOf(name: string, side: TileSide): string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** Multiplies kernels [O, I, 3, 3] by a matrix [cells, 9]: [cells, O, I]. */
export type KernelTransform = (entry: TensorEntry, request: KernelRequest) => Promise<Float32Array>;

/** Files that nobody has used for so long are removed when new ones are written. */
const UNUSED_MILLISECONDS = 30 * 86_400_000;

const nameOf = (name: string, side: TileSide): string => `${name} in tiles of ${side}`;

/**
 * The kernels, from the cache or computed and put there; null where the cache cannot hold them, or where the weights cannot be
 * mapped, for then the kernels would have to be in memory as well. Those that several ask for are one file.
 */
export async function transformedKernels(
  requests: readonly KernelRequest[],
  weights: WeightSource,
  transform: KernelTransform,
): Promise<TransformedKernels | null> {
  const folder = join(cacheFolder(), 'winograd');
  const files = new Set(requests.map(({ name }) => (weights.get(name) as TensorEntry).file));
  for (const file of files) if (!(await weightAccess(file)).mapped) return null;
  const entries = new Map<string, TensorEntry>();
  const missing = new Map<string, { source: TensorEntry; request: KernelRequest; length: number }>();
  try {
    await mkdir(folder, { recursive: true });
    for (const request of requests) {
      const { name, side, shape } = request;
      const source = weights.get(name) as TensorEntry;
      const own = [(side + 2) ** 2, shape[0], shape[1]];
      const length = 4 * sizeOf(own);
      const file = join(folder, `${await identityOf(source, side)}.f32`);
      if (!(await touched(file, length))) missing.set(file, { source, request, length });
      entries.set(nameOf(name, side), { file, dtype: 'float32', shape: own, offset: 0, length });
    }
    if (missing.size > 0) {
      await removeUnused(folder);
      const bytes = [...missing.values()].reduce((sum, { length }) => sum + length, 0);
      const { bavail, bsize } = await statfs(folder);
      // The disk keeps as much free again.
      if (bavail * bsize < 2 * bytes) return null;
    }
    for (const [file, { source, request }] of missing) {
      const { buffer, byteOffset, byteLength } = await transform(source, request);
      const data = new Uint8Array(buffer, byteOffset, byteLength);
      await replaceAtomically(file, (temporary) => writeFile(temporary, data, { flag: 'wx' }));
    }
  } catch (error) {
    // A cache is no condition: without one, ONNX Runtime convolves.
    if (error instanceof FailureError || error instanceof UsageError || 'code' in (error as object)) return null;
    throw error;
  }
  return { nameOf, entries };
}

/** Hash of what a transformed kernel depends on: the file with the weights, the place in it, and the matrix. */
async function identityOf({ file, dtype, offset, length }: TensorEntry, side: TileSide): Promise<string> {
  const about = [await fileIdentity(file), dtype, offset, length, MATRICES[side].kernel];
  return createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32);
}

/** Whether a complete file is there, which is then used from now on. */
async function touched(file: string, length: number): Promise<boolean> {
  const size = await stat(file).then(
    (about) => about.size,
    () => -1,
  );
  if (size !== length) return false;
  const now = new Date();
  await utimes(file, now, now).catch(() => {});
  return true;
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const about = await stat(file).catch(() => null);
    if (about && Date.now() - about.mtimeMs > UNUSED_MILLISECONDS) await rm(file, { force: true });
  }
}
