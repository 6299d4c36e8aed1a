// What made a picture or a video: the command and its settings, as a text that travels in the file's metadata. No times, no
// paths: the same work gives the same text on every machine.

import { UsageError } from './errors.js';
import { formatBytes } from './format-bytes.js';
import { printableLine } from './printable.js';
import { VERSION } from './version.js';

/** A file that was read: its name, as settings name it, and its content. */
export interface MadeInput {
  readonly kind: 'model' | 'video' | 'adapter' | 'picture';
  readonly name: string;
  /** SHA-256 of a file, or of the list of a folder's files. */
  readonly sha256: string;
}

/** What made a picture or a video. */
export interface MadeWith {
  /** Version of this package. */
  readonly steadyframe: string;
  /** The command that makes it again: `run` stands for a sweep file of one point. */
  readonly command: string;
  /** What computed it: `cpu`, `cuda`, a package of TensorFlow.js. */
  readonly device?: string;
  /** The command's settings by the names of its options, those of `run` as in sweep files; files by their names. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly inputs: readonly MadeInput[];
}

const BEGINNING = '{"steadyframe":"';

/** Characters of the longest text: it is an argument of ffmpeg, which Windows limits to 32,767 in all. */
const MOST = 20_000;
const MOST_READ = 1_000_000;

/** What makes a file, with this version. */
export function madeWith(made: Omit<MadeWith, 'steadyframe' | 'inputs'> & { inputs: readonly MadeInput[] }): MadeWith {
  const { command, device, settings, inputs } = made;
  return {
    steadyframe: VERSION,
    command,
    ...(device !== undefined && { device }),
    settings,
    inputs: inputs.map(({ kind, name, sha256 }) => ({ kind, name, sha256 })),
  };
}

/** The text for a file's metadata, in ASCII; undefined where it is too long to travel. */
export function madeText(made: MadeWith): string | undefined {
  const { steadyframe, ...rest } = made;
  const text = JSON.stringify({ steadyframe, ...rest }).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.length > MOST ? undefined : text;
}

/** Whether a text of a file's metadata is from `madeText`. */
export function isMadeText(text: string): boolean {
  return text.startsWith(BEGINNING);
}

/**
 * Reads a text of `madeText`.
 *
 * @param file its file, for errors
 * @throws UsageError when it is too large, cut or changed
 */
export function readMade(text: string, file: string): MadeWith {
  if (text.length > MOST_READ) {
    throw new UsageError(
      `${file}: its settings have ${formatBytes(text.length)}, expected at most ${formatBytes(MOST_READ)}; they are not read`,
    );
  }
  let value: Partial<MadeWith> = {};
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, `are not JSON (${printableLine((error as Error).message).slice(0, 100)})`);
  }
  const { steadyframe, command, device, settings, inputs } = value;
  if (typeof steadyframe !== 'string') throw damaged(file, 'do not say which version made it');
  if (typeof command !== 'string' || !/^[a-z]{1,20}$/.test(command)) throw damaged(file, 'name no command');
  if (!isRecord(settings)) throw damaged(file, 'are no list of settings');
  if (!Array.isArray(inputs) || !inputs.every(isInput)) throw damaged(file, 'do not say what was read');
  return { steadyframe, command, ...(typeof device === 'string' && { device }), settings, inputs };
}

function damaged(file: string, how: string): UsageError {
  return new UsageError(
    `${file}: its settings ${how}; they were changed or cut after it was made, so that nothing can be repeated`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInput(value: unknown): value is MadeInput {
  return (
    isRecord(value) &&
    ['kind', 'name', 'sha256'].every((key) => typeof value[key] === 'string') &&
    /^[0-9a-f]{64}$/.test(String(value.sha256))
  );
}
