// Weights of one model by their names in diffusers and transformers: where each lies on the disk. Holds no numbers.

import { UsageError } from '../base/errors.js';
import type { SafetensorsHeader, TensorEntry } from '../tensor/safetensors.js';
import { unsupportedType } from '../tensor/safetensors.js';

/** Where each weight lies, by its name in diffusers or transformers; the text encoder's without `text_model.`. */
export type WeightTable = ReadonlyMap<string, TensorEntry>;

/** The parts of a checkpoint that have weights. */
export type Part = 'unet' | 'vae' | 'text';

/** A table while it is being filled, and the names that were left aside. */
export interface TableBuilder {
  readonly weights: Map<string, TensorEntry>;
  readonly ignored: string[];
}

/** Tensors that some files carry and no model here uses: buffers, and the parts of CLIP that see pictures. */
const UNUSED: Readonly<Record<Part, RegExp>> = {
  unet: /$^/,
  vae: /^(loss|model_ema)\./,
  text: /^(embeddings\.position_ids|logit_scale|text_projection\..*|visual_projection\..*|vision_model\..*)$/,
};

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
  let known = name;
  let { shape } = entry;
  if (part === 'text') known = name.replace(/^text_model\./, '');
  if (part === 'vae') {
    known = name.replace(
      /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./,
      (_, at, old) => `${at}${OLD_ATTENTION[old]}.`,
    );
    if (shape.length === 4 && shape[2] === 1 && shape[3] === 1 && /\.attentions\.\d+\.to_.*\.weight$/.test(known)) {
      shape = shape.slice(0, 2);
    }
  }
  if (UNUSED[part].test(known)) table.ignored.push(nameInFile);
  else table.weights.set(known, { ...entry, shape });
}

/**
 * Fills a table with all tensors of a part's own file.
 *
 * @throws UsageError when a tensor that is needed has an element type that cannot be held
 */
export function addHeader(
  table: TableBuilder,
  part: Part,
  { tensors, unsupported }: SafetensorsHeader,
  path: string,
): void {
  for (const [name, entry] of tensors) addWeight(table, part, name, entry);
  for (const [name, dtype] of unsupported) {
    if (!UNUSED[part].test(name.replace(/^text_model\./, ''))) throw unsupportedType(path, name, dtype);
    table.ignored.push(name);
  }
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
