// Reads and writes tensors in `.safetensors` files. safetensors-header.ts reads the header.

import { type FileHandle, open } from 'node:fs/promises';
import { replaceAtomically } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import { openForReading, readExactly } from './read-slices.js';
import { readSafetensorsHeader, SAFETENSORS_DTYPE, type TensorEntry } from './safetensors-header.js';
import { BYTES_PER_ELEMENT, type DType, sizeOf, type Tensor, tensor } from './tensor.js';

export {
  type ForeignEntry,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';

/** A tensor that is created when it is written, so that a large file is never in memory as a whole. */
export interface TensorSource {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly load: () => Tensor | Promise<Tensor>;
}

/**
 * Reads one tensor.
 *
 * @throws UsageError when the file was deleted or truncated
 */
export async function readTensor(entry: TensorEntry): Promise<Tensor> {
  const handle = await openForReading(entry.file);
  try {
    return await readFrom(handle, entry);
  } finally {
    await handle.close();
  }
}

/**
 * Reads all tensors of a `.safetensors` file, by name.
 *
 * @throws UsageError when it is not a valid safetensors file, or a tensor's element type is not in `DType`
 */
export async function readSafetensors(path: string): Promise<Record<string, Tensor>> {
  const { tensors, unsupported } = await readSafetensorsHeader(path);
  for (const [name, dtype] of unsupported) throw unsupportedType(path, name, dtype);
  const handle = await openForReading(path);
  try {
    const read: [string, Tensor][] = [];
    for (const [name, entry] of tensors) read.push([name, await readFrom(handle, entry)]);
    // Names are arbitrary: `__proto__` becomes an entry like others.
    return Object.fromEntries(read);
  } finally {
    await handle.close();
  }
}

/**
 * Writes tensors as a `.safetensors` file, atomically: under a temporary name in the same folder, which is then renamed to
 * `path`. Sorted by element size and name as in the reference implementation, so equal tensors give equal bytes.
 *
 * @throws UsageError when a name or a source does not fit; FailureError when the file cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor | TensorSource>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const items = Object.entries(tensors).sort(
    ([a, x], [b, y]) => BYTES_PER_ELEMENT[y.dtype] - BYTES_PER_ELEMENT[x.dtype] || (a < b ? -1 : 1),
  );
  const header = headerBytes(items, metadata);
  await replaceAtomically(path, async (temporary) => {
    const handle = await open(temporary, 'wx');
    try {
      await writeAll(handle, header);
      for (const [name, item] of items) await writeAll(handle, bytesOf(await loaded(name, item)));
    } finally {
      await handle.close();
    }
  });
}

/** The error for a tensor of an unsupported element type. */
export function unsupportedType(path: string, name: string, dtype: string): UsageError {
  return new UsageError(
    `${path}: tensor ${name} has the element type ${dtype}; ${Object.keys(SAFETENSORS_DTYPE).join(', ')} are read: save it as one of them`,
  );
}

async function readFrom(handle: FileHandle, entry: TensorEntry): Promise<Tensor> {
  // A new buffer that starts at 0, so that typed arrays are aligned for any offset in the file.
  const buffer = new ArrayBuffer(entry.length);
  await readExactly(handle, new Uint8Array(buffer), entry.offset, entry.file);
  switch (entry.dtype) {
    case 'float32':
      return tensor('float32', entry.shape, new Float32Array(buffer));
    case 'float16':
      return tensor('float16', entry.shape, new Uint16Array(buffer));
    case 'bfloat16':
      return tensor('bfloat16', entry.shape, new Uint16Array(buffer));
    case 'int32':
      return tensor('int32', entry.shape, new Int32Array(buffer));
    case 'int64':
      return tensor('int64', entry.shape, new BigInt64Array(buffer));
    case 'uint8':
      return tensor('uint8', entry.shape, new Uint8Array(buffer));
  }
}

function headerBytes(items: [string, Tensor | TensorSource][], metadata: Readonly<Record<string, string>>): Buffer {
  const names = Object.fromEntries(Object.entries(SAFETENSORS_DTYPE).map(([name, dtype]) => [dtype, name]));
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const [name, { dtype, shape }] of items) {
    if (name === '__metadata__')
      throw new UsageError('writeSafetensors: a tensor cannot be named __metadata__; rename it');
    const begin = end;
    end += sizeOf(shape) * BYTES_PER_ELEMENT[dtype];
    header[name] = { dtype: names[dtype], shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, 0x20);
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

async function loaded(name: string, item: Tensor | TensorSource): Promise<Tensor> {
  const made = 'data' in item ? item : await item.load();
  if (made.data.length !== sizeOf(made.shape)) {
    throw new UsageError(
      `writeSafetensors: tensor ${name} of shape [${made.shape.join(', ')}] has ${made.data.length} elements; make it with tensor()`,
    );
  }
  if (made.dtype !== item.dtype || made.shape.join() !== item.shape.join()) {
    throw new UsageError(
      `writeSafetensors: tensor ${name} was announced as ${item.dtype} [${item.shape.join(', ')}] but ${made.dtype} [${made.shape.join(', ')}] came; announce what is loaded`,
    );
  }
  return made;
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const slice = 1 << 26;
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes.subarray(done, done + slice));
    done += bytesWritten;
  }
}
