// Reads and checks the header of a `.safetensors` file: the place of each tensor. Reads no tensor data.
// Format: https://huggingface.co/docs/safetensors (8 bytes header length, JSON, then the data without gaps).

import { UsageError } from '../base/errors.js';
import { damagedFile, openForReading, readExactly } from './read-slices.js';
import { repeatedKey } from './repeated-key.js';
import { BYTES_PER_ELEMENT, type DType, sizeOf } from './tensor.js';

/** The place of a tensor: `length` bytes at the absolute byte `offset` of `file`, which need not be aligned. */
export interface TensorEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor of an element type that `Tensor` does not support; `type` is its name in the format. */
export interface ForeignEntry extends Omit<TensorEntry, 'dtype'> {
  readonly type: string;
}

/**
 * A parsed header. `unsupported` lists the tensors of element types that `Tensor` does not support, and `foreign` their
 * places.
 */
export interface SafetensorsHeader {
  readonly tensors: Map<string, TensorEntry>;
  readonly unsupported: Map<string, string>;
  readonly foreign: Map<string, ForeignEntry>;
  readonly metadata: Record<string, string>;
}

/** Element types as the format names them. */
export const SAFETENSORS_DTYPE: Readonly<Record<string, DType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I32: 'int32',
  I64: 'int64',
  U8: 'uint8',
};

const HEADER_LIMIT = 100_000_000;

/**
 * Reads and checks the header of a `.safetensors` file.
 *
 * @throws UsageError when the file does not exist, has another format (a Git LFS pointer, a pickle, an archive), is
 *   truncated, or when a tensor's place is out of range, overlaps another's or does not fit its shape
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const handle = await openForReading(path);
  try {
    const { size } = await handle.stat();
    const start = Buffer.alloc(Math.min(size, 256));
    await readExactly(handle, start, 0, path);
    refuseOtherFormats(start, path);
    const length = size >= 8 ? Number(start.readBigUInt64LE(0)) : 0;
    if (size < 10) throw damagedFile(path, `it ends after ${size} bytes, before its header`);
    if (length > HEADER_LIMIT || (length <= size - 8 && start[8] !== 0x7b)) {
      throw new UsageError(
        `${path}: this is not a safetensors file (it does not start with a header); convert the weights to .safetensors, or download the file again`,
      );
    }
    if (length > size - 8) throw damagedFile(path, `its header should take ${length} bytes but the file has ${size}`);
    const json = Buffer.alloc(length);
    await readExactly(handle, json, 8, path);
    return checkHeader(parseJson(json, path), path, 8 + length, size);
  } finally {
    await handle.close();
  }
}

function refuseOtherFormats(start: Buffer, path: string): void {
  const text = start.toString('latin1');
  if (text.startsWith('version https://git-lfs')) {
    throw new UsageError(`${path}: this is a Git LFS pointer, not the weights; run \`git lfs pull\` in its repository`);
  }
  // PyTorch saves zip archives, and bare pickles (0x80, protocol number) before version 1.6.
  if (text.startsWith('PK\x03\x04') || (start[0] === 0x80 && start[1] <= 5 && start[8] !== 0x7b)) {
    throw new UsageError(
      `${path}: this is a PyTorch pickle (.ckpt, .pt, .bin), which can run code when loaded and is not read; convert it to .safetensors first`,
    );
  }
  if (text.startsWith('GGUF')) {
    throw new UsageError(
      `${path}: this is a GGUF file, which is not read; use the .safetensors version of the weights`,
    );
  }
  if (/^\s*<(!doctype|html)/i.test(text)) {
    throw new UsageError(`${path}: this is a web page, not the weights; download the file itself`);
  }
}

function parseJson(bytes: Buffer, path: string): Record<string, unknown> {
  let header: unknown;
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    // Reported below, with the path.
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damagedFile(path, 'its header is not a JSON object');
  }
  const twice = repeatedKey(text);
  if (twice !== undefined)
    throw damagedFile(path, `its header has the key ${JSON.stringify(twice.slice(0, 80))} twice`);
  return header as Record<string, unknown>;
}

function checkHeader(
  header: Record<string, unknown>,
  path: string,
  dataStart: number,
  size: number,
): SafetensorsHeader {
  const tensors = new Map<string, TensorEntry>();
  const unsupported = new Map<string, string>();
  const foreign = new Map<string, ForeignEntry>();
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: span } = (value ?? {}) as Record<string, unknown>;
    if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts(span) || span.length !== 2) {
      throw damagedFile(path, `tensor ${name} lacks a dtype, a shape or two data_offsets`);
    }
    const [begin, end] = span;
    if (begin > end) throw damagedFile(path, `tensor ${name} ends at ${end}, before its begin at ${begin}`);
    if (dataStart + end > size) {
      throw damagedFile(path, `tensor ${name} should end at byte ${dataStart + end} but the file has ${size}`);
    }
    spans.push({ name, begin, end });
    const known = SAFETENSORS_DTYPE[dtype];
    if (!known) {
      unsupported.set(name, dtype);
      foreign.set(name, { type: dtype, shape, file: path, offset: dataStart + begin, length: end - begin });
      continue;
    }
    const expected = sizeOf(shape) * BYTES_PER_ELEMENT[known];
    if (expected !== end - begin) {
      throw damagedFile(
        path,
        `tensor ${name} of ${dtype} [${shape.join(', ')}] needs ${expected} bytes but has ${end - begin}`,
      );
    }
    tensors.set(name, { dtype: known, shape, file: path, offset: dataStart + begin, length: end - begin });
  }
  checkCover(spans, path, size - dataStart);
  return { tensors, unsupported, foreign, metadata: metadataOf(header.__metadata__, path) };
}

/** Checks that the data are covered without overlaps or gaps, as the format requires. */
function checkCover(spans: { name: string; begin: number; end: number }[], path: string, size: number): void {
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  let previous = 'the header';
  for (const span of spans) {
    if (span.begin < end) throw damagedFile(path, `tensors ${previous} and ${span.name} overlap`);
    if (span.begin > end)
      throw damagedFile(path, `there is a hole of ${span.begin - end} bytes before tensor ${span.name}`);
    end = span.end;
    previous = span.name;
  }
  if (end !== size) throw damagedFile(path, `${size - end} bytes follow its last tensor`);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

function metadataOf(value: unknown, path: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Object.values(value).some((text) => typeof text !== 'string')) {
    throw damagedFile(path, 'its __metadata__ is not a map of strings');
  }
  return { ...(value as Record<string, string>) };
}
