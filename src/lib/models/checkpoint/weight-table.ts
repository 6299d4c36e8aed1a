// Weights of one model by their names in diffusers and transformers: where each lies on the disk. Holds no numbers.

import { UsageError } from '../../base/errors.js';
import type { SafetensorsHeader, TensorEntry } from '../../tensor/safetensors.js';
import { unsupportedType } from '../../tensor/safetensors.js';

/** Where each weight lies, by its name in diffusers or transformers; the text encoder's without `text_model.`. */
export type WeightTable = ReadonlyMap<string, TensorEntry>;

/** The parts of a checkpoint that have weights. */
export type Part = 'unet' | 'vae' | 'text';

/** A table while it is being filled. */
export interface TableBuilder {
  readonly weights: Map<string, TensorEntry>;
  /** Their names in the file, where these differ. */
  readonly namesInFile: Map<string, string>;
  /** Tensors of element types that cannot be held, by their present names. */
  readonly unsupported: Map<string, { readonly nameInFile: string; readonly dtype: string; readonly file: string }>;
  /** Names in the file of what no model uses. */
  readonly ignored: string[];
}

/** A table with nothing in it. */
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
 * Puts a tensor into a table under its present name. Of older files it accepts the names of the VAE's attention
 * (`query`, `proj_attn`, ...) and its 1x1 convolutions [C, C, 1, 1], which are the same bytes as the linear weights [C,
 * C].
 */
export function addWeight(table: TableBuilder, part: Part, name: string, entry: TensorEntry, nameInFile = name): void {
  const known = presentName(part, name);
  let { shape } = entry;
  const isKernel = shape.length === 4 && shape[2] === 1 && shape[3] === 1;
  if (part === 'vae' && isKernel && /\.attentions\.\d+\.to_.*\.weight$/.test(known)) shape = shape.slice(0, 2);
  table.weights.set(known, { ...entry, shape });
  if (nameInFile !== known) table.namesInFile.set(known, nameInFile);
}

/** Notes a tensor that cannot be held: an error later on, should a model need it. */
export function addUnsupported(
  table: TableBuilder,
  part: Part,
  name: string,
  dtype: string,
  { file, nameInFile = name }: { readonly file: string; readonly nameInFile?: string },
): void {
  table.unsupported.set(presentName(part, name), { nameInFile, dtype, file });
}

/** Fills a table with all tensors of a part's own file. */
export function addHeader(
  table: TableBuilder,
  part: Part,
  { tensors, unsupported }: SafetensorsHeader,
  path: string,
): void {
  for (const [name, entry] of tensors) addWeight(table, part, name, entry);
  for (const [name, dtype] of unsupported) addUnsupported(table, part, name, dtype, { file: path });
}

/**
 * Leaves in a table the weights that its model needs; all others, whatever their element type, are named as left aside.
 *
 * @throws UsageError when one that is needed has an element type that cannot be held
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
