// What `steadyframe info` says of a picture or a video: how it was made, as far as its metadata tells.

import { readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import type { MadeWith } from '../../lib/base/made-with.js';
import { BROWSER_MEDIA } from '../../lib/base/media-types.js';
import { noSettings, type Origin, readOrigin } from '../../lib/video/metadata/origin.js';
import { type Context, shellCommand } from '../context.js';
import { formatList } from '../table.js';

const MEDIA = new Set([
  ...Object.keys(BROWSER_MEDIA),
  '.mov',
  '.mkv',
  '.m4v',
  '.avi',
  '.apng',
  '.tif',
  '.tiff',
  '.avif',
]);
/** Characters of a text that are shown. */
const SHOWN = 4000;

/** Whether a path is a picture, a video, or a folder of pictures, rather than a model. */
export function isMedia(path: string): boolean {
  const isPicture = (name: string): boolean => MEDIA.has(extname(name).toLowerCase());
  const about = statSync(path, { throwIfNoEntry: false });
  if (!about?.isDirectory()) return isPicture(path);
  const names = readdirSync(path);
  return names.some(isPicture) && !names.some((name) => /^(model_index|config)\.json$|\.safetensors$/.test(name));
}

/** Prints how a picture or a video was made. */
export async function printOrigin({ terminal, warn }: Context, path: string, json: boolean | undefined): Promise<void> {
  const origin = await readOrigin(path, { signal: terminal.signal, onWarning: warn });
  terminal.out(json ? `${JSON.stringify({ file: path, ...origin }, null, 1)}\n` : originText(path, origin));
}

function originText(path: string, origin: Origin): string {
  if (origin.kind === 'unknown') return `${noSettings(path)}\n`;
  if (origin.kind === 'own') return ownText(path, origin.made);
  const texts = origin.texts.map(({ name, text }): [string, string] => [name, brief(text)]);
  return `${formatList([['made by', origin.program], ...texts])}\nthese settings are shown, not repeated\n`;
}

function ownText(path: string, { steadyframe, command, device, settings, inputs }: MadeWith): string {
  const made = `steadyframe ${steadyframe}, ${command}${device === undefined ? '' : ` on ${device}`}`;
  return [
    formatList([
      ['made by', made],
      ...Object.entries(settings).map(([name, value]): [string, string] => [words(name), valueText(value)]),
      ...inputs.map(({ kind, name, sha256 }): [string, string] => [`${kind} ${name}`, `SHA-256 ${sha256}`]),
    ]),
    `\nagain:\n  ${shellCommand(['again', path])}\n`,
  ].join('');
}

/** A setting's name in words: `guidanceScale` and `guidance_scale` are `guidance scale`. */
function words(name: string): string {
  return name.replace(/_|(?=[A-Z])/g, ' ').toLowerCase();
}

function valueText(value: unknown): string {
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return brief(value.join(', '));
  return brief(typeof value === 'string' ? value || '(empty)' : JSON.stringify(value));
}

function brief(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}... (${text.length} characters)` : text;
}
