// --edit with the --edit-frame and --edit-prompt that follow it: each edit is a group of options.

import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { given } from '../lib/base/given.js';
import type { EditedFrame } from '../lib/edits/edited-frame.js';
import type { Video } from '../lib/video/read/open-video.js';
import { seconds } from './values.js';

/** A frame by its number, or by its time in seconds. */
export type FrameChoice = { readonly frame: number } | { readonly at: number };

/** One --edit with what belongs to it. */
export interface EditValues {
  readonly file: string;
  frame?: FrameChoice;
  prompt?: string;
}

/** Adds the options; they fill one list, in the order in which they are given. */
export function addEditOptions(command: Command): Command {
  const edits: EditValues[] = [];
  const latest = (option: string): EditValues => {
    const edit = edits.at(-1);
    if (!edit) throw new InvalidArgumentError(`It belongs to an --edit, which comes before ${option}.`);
    return edit;
  };
  return command
    .option(
      '--edit <file>',
      'an edited frame of the video, as `steadyframe edit` writes it; may be repeated',
      (file) => {
        edits.push({ file });
        return edits;
      },
    )
    .option(
      '--edit-frame <n|time>',
      'which frame that is: its number from 0, or a time such as 3.2s; from FILE.json by default',
      (text) => {
        latest('--edit-frame').frame = frameChoice(text);
        return edits;
      },
    )
    .option('--edit-prompt <text>', 'the prompt that is to lead there; from FILE.json by default', (text) => {
      latest('--edit-prompt').prompt = text;
      return edits;
    })
    .option('--no-edit', 'learn the video alone');
}

/**
 * The edits that were given: none where --no-edit says so.
 *
 * @param edit the value of --edit and --no-edit; which one came last is all that it tells
 * @throws UsageError when neither was given, or both
 */
export function chosenEdits(edit: EditValues[] | false | undefined, args: readonly string[]): readonly EditValues[] {
  const isRefused = args.includes('--no-edit');
  const isGiven = args.some((arg) => arg === '--edit' || arg.startsWith('--edit='));
  if (isRefused && isGiven) throw new UsageError('--edit and --no-edit exclude each other; leave one out');
  if (isRefused) return [];
  if (edit) return edit;
  throw new UsageError(
    'finetune learns from an edited frame of the video: give it with --edit FILE (`steadyframe edit` makes one), or say --no-edit to learn the video alone',
  );
}

/** `12` is a number; `3.2s`, `3.2` and `1:03` are times. */
export function frameChoice(text: string): FrameChoice {
  return /^\d+$/.test(text.trim()) ? { frame: Number(text) } : { at: seconds(text) };
}

/**
 * Reads the edits. Options take precedence over sidecars.
 *
 * @param video as it is trained on
 * @param start as it was opened with
 * @throws UsageError when a picture cannot be read, or neither option nor sidecar says its frame or prompt
 */
export async function readEdits(edits: readonly EditValues[], video: Video, start?: number): Promise<EditedFrame[]> {
  const { readEdit, SidecarError } = await import('../lib/edits/sidecar.js');
  const { frameShownAt } = await import('../lib/edits/choose-frame.js');
  const read: EditedFrame[] = [];
  for (const { file, frame, prompt } of edits) {
    const number = frame && ('frame' in frame ? frame.frame : await frameShownAt(video, frame.at, start));
    if (prompt?.trim() === '') throw new UsageError(`${file}: --edit-prompt is empty; say what the edit shows`);
    // One picture in memory, however many prompts it comes under: it is encoded once.
    const known = read[edits.findIndex((edit) => edit.file === file)];
    const edit = await readEdit(file, given({ frame: number, prompt })).catch((error) => {
      if (!(error instanceof SidecarError)) throw error;
      throw new UsageError(`${error.message} (--edit-frame T --edit-prompt TEXT)`, { cause: error });
    });
    read.push(known ? { ...edit, picture: known.picture } : edit);
  }
  return read;
}
