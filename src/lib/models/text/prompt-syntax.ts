// Prompts that are written for AUTOMATIC1111's web UI, whose marks mean something there and are ordinary text here.

import { brief } from '../../base/brief.js';

/** The marks, each with an example of what is found and what to do in place of it. */
const SYNTAX: readonly (readonly [RegExp, string])[] = [
  [/<(?:lora|lyco|hypernet):[^>]*>/i, 'apply files as LoRAs of the model, with a scale'],
  [/\([^()]*:\s*[+-]?[\d.]+\s*\)|\(\([^()]+\)\)/, 'weights of words do not exist here'],
  [/\[\[[^[\]]+\]\]|\[[^[\]]+\]/, 'weights of words and switching between them do not exist here'],
  [/\bBREAK\b/, 'write it as one prompt'],
  [/\bAND\b/, 'prompts are not combined'],
];

/** Marks are looked for in so many characters of a prompt: no model reads more. */
const LOOKED_AT = 4000;

/** One sentence about AUTOMATIC1111's marks in a prompt, or null where there are none. */
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
