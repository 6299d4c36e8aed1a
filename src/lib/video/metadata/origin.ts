// What made a picture or a video: this package, whose settings can be repeated, or a program whose settings are only shown.

import { UsageError } from '../../base/errors.js';
import { isMadeText, type MadeWith, readMade } from '../../base/made-with.js';
import type { Warn } from '../../base/warn.js';
import type { MetadataText } from './exif-texts.js';
import { readMetadata } from './read-metadata.js';

/** The origin of a picture or a video. */
export type Origin =
  | { readonly kind: 'own'; readonly made: MadeWith }
  | { readonly kind: 'foreign'; readonly program: string; readonly texts: readonly MetadataText[] }
  | { readonly kind: 'unknown' };

interface Options {
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/** How programs are known by the texts that they store. */
const PROGRAMS: readonly (readonly [program: string, isOf: (text: MetadataText) => boolean])[] = [
  // Both as texts of a PNG, with `prompt:` before in EXIF, and as one JSON in the comment of a video.
  ['ComfyUI', ({ name, text }) => /^(workflow|prompt)$/.test(name) && /^\s*\{/.test(text)],
  ['ComfyUI', ({ text }) => /^(workflow|prompt):\s*\{/.test(text)],
  ['ComfyUI', ({ text }) => /^\s*\{\s*"(workflow|prompt)"\s*:/.test(text)],
  [
    'AUTOMATIC1111 or a program like it',
    ({ name, text }) => name === 'parameters' || /\bSteps: \d+, Sampler: /.test(text),
  ],
  ['InvokeAI', ({ name }) => /^(invokeai_metadata|sd-metadata|invokeai_graph)$/.test(name)],
  ['NovelAI', ({ name, text }) => name === 'Software' && text === 'NovelAI'],
];

/**
 * Reads the origin of a picture, a video, or a folder of pictures.
 *
 * @throws UsageError when it cannot be read, or its settings are damaged
 */
export async function readOrigin(path: string, options: Options = {}): Promise<Origin> {
  const texts = await readMetadata(path, options);
  const own = texts.find(({ text }) => isMadeText(text));
  if (own) return { kind: 'own', made: readMade(own.text, path) };
  for (const [program, isOf] of PROGRAMS) {
    const its = texts.filter(isOf);
    if (its.length > 0) return { kind: 'foreign', program, texts: its };
  }
  return { kind: 'unknown' };
}

/**
 * What made a picture or a video, for repeating it.
 *
 * @throws UsageError when its metadata does not say it, or says it for another program
 */
export async function requireOrigin(path: string, options: Options = {}): Promise<MadeWith> {
  const origin = await readOrigin(path, options);
  if (origin.kind === 'own') return origin.made;
  throw new UsageError(
    origin.kind === 'foreign'
      ? `${path}: was made by ${origin.program}, whose settings are shown but not repeated; repeat it there`
      : noSettings(path),
  );
}

/** The sentence about a file without settings. */
export function noSettings(path: string): string {
  return `${path}: its metadata holds no settings; it was not made by steadyframe, or they were left out or lost when it was converted`;
}
