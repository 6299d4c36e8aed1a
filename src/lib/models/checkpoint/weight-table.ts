// Weights of one model by their names in diffusers and transformers, with their places on the disk. Holds no numbers.

import { UsageError } from '../../base/errors.js';
import type { SafetensorsHeader, TensorEntry } from '../../tensor/safetensors.js';
import { unsupportedType } from '../../tensor/safetensors.js';

/** Places of weights by their names in diffusers or transformers; the text encoder's without `text_model.`. */
export type WeightTable = ReadonlyMap<string, TensorEntry>;

/** The parts of a checkpoint that have weights. */
export type Part = 'unet' | 'vae' | 'text';

/** A table while it is being filled. */
export interface TableBuilder {
  readonly weights: Map<string, TensorEntry>;
  /** Their names in the file, where these differ. */
  readonly namesInFile: Map<string, string>;
  /** Tensors of unsupported element types, by their current names. */
  readonly unsupported: Map<string, { readonly nameInFile: string; readonly dtype: string; readonly file: string }>;
  /** Names in the file of tensors that no model uses. */
  readonly ignored: string[];
}

/** The name of a tensor. */
export interface TensorName {
  readonly part: Part;
  readonly name: string;
  /** Its name in the file, where that differs. */
  readonly nameInFile?: string;
}

/** An empty table. */
export function emptyTable(): TableBuilder {
  return { weights: new Map(), namesInFile: new Map(), unsupported: new Map(), ignored: [] };
}

const OLD_ATTENTION: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/**
 * Adds a tensor to a table under its current name. Older files name the VAE's attention differently (`query`, `proj_attn`,
 * ...) and have 1x1 convolutions [C, C, 1, 1] there, which are the same bytes as the linear weights [C, C].
 */
export function addWeight(
  table: TableBuilder,
  { part, name, nameInFile = name }: TensorName,
  entry: TensorEntry,
): void {
  const known = presentName(part, name);
  let { shape } = entry;
  const isKernel = shape.length === 4 && shape[2] === 1 && shape[3] === 1;
  if (part === 'vae' && isKernel && /\.attentions\.\d+\.to_.*\.weight$/.test(known)) shape = shape.slice(0, 2);
  table.weights.set(known, { ...entry, shape });
  if (nameInFile !== known) table.namesInFile.set(known, nameInFile);
}

/** Adds a tensor of an unsupported element type, which is an error if a model needs it. */
export function addUnsupported(
  table: TableBuilder,
  { part, name, nameInFile = name }: TensorName,
  { dtype, file }: { readonly dtype: string; readonly file: string },
): void {
  table.unsupported.set(presentName(part, name), { nameInFile, dtype, file });
}

/** Adds all tensors of a part's own file to a table. */
export function addHeader(
  table: TableBuilder,
  part: Part,
  { tensors, unsupported }: SafetensorsHeader,
  path: string,
): void {
  for (const [name, entry] of tensors) addWeight(table, { part, name }, entry);
  for (const [name, dtype] of unsupported) addUnsupported(table, { part, name }, { dtype, file: path });
}

/**
 * Removes the weights from a table that its model does not need, of any element type, and lists them as ignored.
 *
 * @throws UsageError when a needed weight has an unsupported element type
 */
export function leaveUnused(table: TableBuilder, needed: ReadonlyMap<string, unknown>): void {
  for (const name of table.weights.keys()) {
    if (needed.has(name)) continue;
    table.weights.delete(name);
    table.ignored.push(table.namesInFile.get(name) ?? name);
  }
  for (const [name, { nameInFile, dtype, file }] of table.unsupported) {
    if (needed.has(name)) throw unsupportedType(file, nameInFile, dtype);
    table.ignored.push(nameInFile);
  }
}

function presentName(part: Part, name: string): string {
  if (part === 'text') return name.replace(/^text_model\./, '');
  if (part === 'unet') return name;
  return name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./,
    (_, at, old) => `${at}${OLD_ATTENTION[old]}.`,
  );
}

/**
 * A weight of the shape that a model needs; `where` names the file or folder and the model in the error.
 *
 * @throws UsageError when it is missing, has another shape or is not made of floating-point numbers
 */
export function requireWeight(table: WeightTable, name: string, shape: readonly number[], where: string): TensorEntry {
  const entry = table.get(name);
  if (!entry) {
    throw new UsageError(
      `${where}: the weight ${name} [${shape.join(', ')}] is missing; the file is incomplete or belongs to another model than its configuration: download the whole checkpoint again`,
    );
  }
  if (entry.shape.length !== shape.length || entry.shape.some((side, i) => side !== shape[i])) {
    throw new UsageError(
      `${where}: the weight ${name} is [${entry.shape.join(', ')}] in ${entry.file}, expected [${shape.join(', ')}]; weights and configuration belong to different models: use those of one checkpoint`,
    );
  }
  if (!/float/.test(entry.dtype)) {
    throw new UsageError(
      `${where}: the weight ${name} is ${entry.dtype} in ${entry.file}, expected float32, float16 or bfloat16; use the checkpoint before quantization`,
    );
  }
  return entry;
}
