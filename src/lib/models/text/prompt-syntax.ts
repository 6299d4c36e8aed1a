// Detects prompt syntax of AUTOMATIC1111's web UI, which is ordinary text here.

import { brief } from '../../base/brief.js';

/** The syntax, each with an example and a replacement. */
const SYNTAX: readonly (readonly [RegExp, string])[] = [
  [/<(?:lora|lyco|hypernet):[^>]*>/i, 'apply files as LoRAs of the model, with a scale'],
  [/\([^()]*:\s*[+-]?[\d.]+\s*\)|\(\([^()]+\)\)/, 'weights of words do not exist here'],
  [/\[\[[^[\]]+\]\]|\[[^[\]]+\]/, 'weights of words and switching between them do not exist here'],
  [/\bBREAK\b/, 'write it as one prompt'],
  [/\bAND\b/, 'prompts are not combined'],
];

/** Number of characters of a prompt that are searched: no model reads more. */
const LOOKED_AT = 4000;

/** A sentence about AUTOMATIC1111's syntax in a prompt, or null if there is none. */
export function promptSyntaxWarning(prompt: string): string | null {
  const found = SYNTAX.flatMap(([pattern, remedy]) => {
    const text = pattern.exec(prompt.slice(0, LOOKED_AT))?.[0];
    return text === undefined ? [] : { text: brief(text, 40), remedy };
  });
  if (found.length === 0) return null;
  const marks = found.map(({ text }) => text).join(', ');
  const remedies = [...new Set(found.map(({ remedy }) => remedy))].join('; ');
  return `the prompt has AUTOMATIC1111's syntax (${marks}), which is taken literally: ${remedies}`;
}
