// `steadyframe info FILE --model M`: what a LoRA or a textual inversion does to a checkpoint.

import { openCheckpoint } from '../../lib/models/checkpoint/checkpoint.js';
import { readLora } from '../../lib/models/lora/lora.js';
import { isEmbeddingFile, openEmbeddings } from '../../lib/models/text/textual-inversion.js';
import { formatList, formatPlural, formatTable } from '../table.js';

/**
 * The text of `info` for a file that is applied to a checkpoint; `json` for the same as data.
 *
 * @throws UsageError when it is neither a LoRA nor a textual inversion for this checkpoint
 */
export async function describeAddition(
  file: string,
  model: string,
  options: { readonly config?: string },
  json: boolean,
): Promise<string> {
  const checkpoint = await openCheckpoint(model, options);
  if (await isEmbeddingFile(file)) {
    const [{ word, vectors }] = await openEmbeddings([{ file }], checkpoint.textEncoder.config, checkpoint.tokenizer);
    const about = { kind: 'textual inversion', word, vectors: vectors.shape[0], width: vectors.shape[1] };
    if (json) return `${JSON.stringify({ file, ...about }, null, 1)}\n`;
    return formatList([
      ['textual inversion', file],
      ['word', word],
      ['vectors', `${about.vectors} of ${about.width} numbers`],
    ]);
  }
  const parts = await readLora(file, checkpoint);
  const updates = parts.flatMap((part) => part.updates);
  const unmatched = parts.flatMap((part) => part.unmatched);
  const layers = updates.map(({ model: part, path, kind, rank, alpha, magnitude }) => ({
    part,
    path,
    kind: `${kind === 'hadamard' ? 'LoHa' : 'LoRA'}${magnitude ? ' with magnitudes (DoRA)' : ''}`,
    rank,
    alpha: alpha ?? rank,
  }));
  if (json) return `${JSON.stringify({ file, kind: 'LoRA', layers, unmatched }, null, 1)}\n`;
  const names = { unet: 'UNet', text: 'text encoder' };
  return [
    formatList([
      ['LoRA', file],
      ['updates', `${formatPlural(layers.length, 'layer')} of ${model}`],
      ['left out', formatPlural(unmatched.length, 'entry').replace('entrys', 'entries')],
    ]),
    '\n',
    formatTable(
      ['network', 'layer', 'kind', 'rank', 'alpha'],
      layers.map(({ part, path, kind, rank, alpha }) => [names[part], path, kind, String(rank), String(alpha)]),
    ),
    ...(unmatched.length > 0
      ? [
          '\n',
          formatTable(
            ['left out', 'because'],
            unmatched.map(({ key, reason }) => [key, reason]),
          ),
        ]
      : []),
  ].join('');
}
