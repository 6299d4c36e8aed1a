// Warnings about prompts that cannot have the intended effect.

import { promptKeys } from '../settings/schedule.js';
import type { Model } from './model.js';

/**
 * Warns of an empty prompt, of embeddings that no prompt uses, and (through the model's own warnings) of too long prompts.
 */
export function checkPrompts(
  model: Model,
  { prompt, negativePrompt = '' }: { readonly prompt: string; readonly negativePrompt?: string },
  onWarning: (message: string) => void,
): void {
  const prompts = promptKeys(prompt).map(({ value }) => value);
  if (prompts.some((text) => text.trim() === '')) {
    onWarning('the prompt is empty: the model follows its own taste, and guidance has nothing to lead to');
  }
  const said = `${prompt}\n${negativePrompt}`.toLowerCase();
  const unused = model.embeddings.filter(({ word }) => !said.includes(word.toLowerCase()));
  if (unused.length > 0) {
    onWarning(`no prompt says ${unused.map(({ word }) => word).join(', ')}: the learned embedding has no effect`);
  }
  for (const text of prompts) model.tokenize(text);
  for (const { value } of promptKeys(negativePrompt)) model.tokenize(value);
}
