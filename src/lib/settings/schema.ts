// Schemas of settings in files. Loaded only when a file is read, because zod loads slowly.

import { z } from 'zod';
import type { Setting, ValueOf } from './setting.js';

const text = z.string().min(1);
const pathOr = (more: z.ZodRawShape) => z.array(z.union([text, z.strictObject({ file: text, ...more })]));
const side = z.union([z.int().min(1), z.string().regex(/^\d+x\d+$/)], {
  error: 'expected a side in pixels such as 512, or sides such as 768x432',
});

/** The schema of a setting's value in a file. */
export function schemaOf<S extends Setting>(setting: S): z.ZodType<FileValue<ValueOf<S>>> {
  const schema = kindSchema(setting);
  const { help, default: byDefault } = setting;
  const sentence = `${help[0].toUpperCase()}${help.slice(1)}`;
  const said = byDefault === undefined || byDefault === '' ? '' : `; ${JSON.stringify(byDefault)} by default`;
  return schema.describe(`${sentence}${said}.`) as unknown as z.ZodType<FileValue<ValueOf<S>>>;
}

/** In files, sizes are texts or numbers, and each item of a list of files may be just its path. */
export type FileValue<T> = T extends readonly (infer Item)[]
  ? Item extends { readonly file: string }
    ? readonly (string | Item)[]
    : T
  : Extract<T, { readonly width: number }> extends never
    ? T
    : number | string;

function kindSchema(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'text':
    case 'path':
      return text;
    case 'prompt':
      return z.string();
    case 'size':
      return side;
    case 'toggle':
      return z.boolean();
    case 'whole':
      return bounded(z.int(), setting);
    case 'real':
    case 'seconds':
      return bounded(z.number(), setting);
    case 'word':
      return z.enum(setting.words as [string, ...string[]]);
    case 'words':
      return z.array(z.enum(setting.words as [string, ...string[]])).min(1);
    case 'controls':
      return z.array(
        z.strictObject({
          kind: z.enum(setting.words as [string, ...string[]]),
          path: text,
          scale: z.number().optional(),
          start: z.number().min(0).lt(1).optional(),
          end: z.number().gt(0).max(1).optional(),
          map: text.optional(),
        }),
      );
    case 'timesteps':
      return z.tuple([z.int().min(0), z.int().min(1)]);
    case 'loras':
      return pathOr({ scale: z.number().optional() });
    case 'embeddings':
      return pathOr({ word: text.optional() });
    case 'edits':
      return pathOr({ frame: z.int().min(0).optional(), prompt: text.optional() }).min(1);
  }
}

function bounded(schema: z.ZodNumber, { least, most, above, below }: import('./kinds.js').Bounds): z.ZodNumber {
  let result = schema;
  if (least !== undefined) result = result.min(least);
  if (above !== undefined) result = result.gt(above);
  if (most !== undefined) result = result.lte(most);
  if (below !== undefined) result = result.lt(below);
  return result;
}
