// What a LoRA or a textual inversion would change in a checkpoint.

import { type CheckpointOptions, openCheckpoint } from './checkpoint/checkpoint.js';
import { readLora } from './lora/lora.js';
import { isEmbeddingFile, openEmbeddings } from './text/textual-inversion.js';

/** What `describeAddition` gives. */
export type AdditionDescription =
  | { kind: 'textual inversion'; word: string; vectors: number; width: number }
  | {
      kind: 'LoRA';
      layers: { part: 'unet' | 'text'; path: string; kind: string; rank: number; alpha: number }[];
      /** Entries of the file that match no layer. */
      unmatched: readonly { readonly key: string; readonly reason: string }[];
    };

/**
 * Describes a file that is applied to a checkpoint.
 *
 * @throws UsageError when it is neither a LoRA nor a textual inversion for this checkpoint
 */
export async function describeAddition(
  file: string,
  model: string,
  options: CheckpointOptions = {},
): Promise<AdditionDescription> {
  const checkpoint = await openCheckpoint(model, options);
  if (await isEmbeddingFile(file)) {
    const [{ word, vectors }] = await openEmbeddings([{ file }], checkpoint.textEncoder.config, checkpoint.tokenizer);
    return { kind: 'textual inversion', word, vectors: vectors.shape[0], width: vectors.shape[1] };
  }
  const parts = await readLora(file, checkpoint);
  const layers = parts.flatMap(({ updates }) =>
    updates.map(({ model: part, path, kind, rank, alpha, magnitude }) => ({
      part,
      path,
      kind: `${kind === 'hadamard' ? 'LoHa' : 'LoRA'}${magnitude ? ' with magnitudes (DoRA)' : ''}`,
      rank,
      alpha: alpha ?? rank,
    })),
  );
  return { kind: 'LoRA', layers, unmatched: parts.flatMap((part) => part.unmatched) };
}
