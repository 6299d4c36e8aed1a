// --edit, and --edit-frame and --edit-prompt, which belong to the --edit before them.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { seconds } from './values.js';

/** A frame by its number, or by its time in seconds. */
export type FrameChoice = { readonly frame: number } | { readonly at: number };

/** One --edit with its frame and prompt. */
export interface GivenEdit {
  readonly file: string;
  frame?: FrameChoice;
  prompt?: string;
}

/** Values of the options. */
export interface GivenEdits {
  edit?: GivenEdit[];
  /** False with --no-edit. */
  edited?: boolean;
}

/** Adds the options; their values form one list, in the order of the command line. */
export function addEditOptions(command: Command): Command {
  const edits: GivenEdit[] = [];
  const latest = (option: string): GivenEdit => {
    const edit = edits.at(-1);
    if (!edit) throw new InvalidArgumentError(`It belongs to an --edit, which comes before ${option}.`);
    return edit;
  };
  // An attribute of its own: commander would keep only the last of --edit and --no-edit.
  const without = new Option('--no-edit', 'learn the video alone');
  without.attributeName = () => 'edited';
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
    .addOption(without);
}

/** `12` is a frame number; `3.2s`, `3.2` and `1:03` are times. */
export function frameChoice(text: string): FrameChoice {
  return /^\d+$/.test(text.trim()) ? { frame: Number(text) } : { at: seconds(text) };
}
