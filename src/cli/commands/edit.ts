// The flags and help of `steadyframe edit`.

import { type Command, Option } from 'commander';
import { CONTROLLED_STRENGTHS, PROPOSED_SEEDS, PROPOSED_STRENGTHS } from '../../lib/settings/lists.js';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { type OUTPUT, SELECTION, SUBJECT } from '../../lib/settings/table.js';
import {
  addDenoiseOptions,
  addMetadataOption,
  addOutputOptions,
  addTrackingOptions,
  type DenoiseValues,
  type TrackingValues,
} from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { integer, listOf, listOption, number, seconds } from '../values.js';

const EXAMPLES = `
Writes sheet.png (the original, then the edits, the best first), every edit with a sidecar of the same name that says how it was
made (.json), and result.json. The one that is picked is copied to edit.png and edit.json, for finetune --edit. An edit is good
where colours have changed and composition has not; the rank weighs both, your eyes decide:
  kept    0 to 1: how well outlines agree with the original's, and optical flow finds them in place; 0.4 is little
  edit    mean absolute difference to the original, 0 to 255
  rank    kept * (1 - exp(-edit / 40)); edits that keep less than 0.4 come last
Interrupted, the same command goes on with the edits that it has.

Examples:
  steadyframe edit shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --at 1.5s
  steadyframe edit shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --at 1.5s --pick 3
  steadyframe edit shot.mp4 --model sd15/ --prompt "oil painting" --frame 45 --out edits/oil --auto
  steadyframe edit shot.mp4 --model sd15/ --prompt "oil painting" --strengths 0.8,1 --seeds 1,2,3,4,5,6
  steadyframe edit shot.mp4 --model sd15/ --prompt "oil painting" --control canny=control-canny/ --auto`;

const { start, duration, every, frameRate } = SELECTION;
/** The settings that select the part of the video from which the frame is taken. */
export const PART = { start, duration, every, frameRate };

/** Values of the options. */
export interface EditValues extends DenoiseValues, TrackingValues, OptionsOf<typeof OUTPUT>, OptionsOf<typeof PART> {
  at?: number;
  frame?: number;
  seeds: number[];
  strengths?: number[];
  pick?: string;
  auto?: boolean;
}

/** Adds the command to the program. */
export function addEdit(program: Command): Command {
  const command = program
    .command('edit')
    .summary('propose edits of one frame, and pick the one to finetune on')
    .description('Proposes edits of one frame at large strengths, ranked, as the example that finetuning learns from.')
    .argument('<video>', SUBJECT.video.help)
    .option('--at <time>', 'which frame: the one shown at this time; the middle one by default', seconds)
    .option('--frame <n>', 'which frame, by its number from 0', integer);
  addDenoiseOptions(addSettings(command, PART))
    .addOption(
      new Option(
        '--strengths <list>',
        `strengths in (0, 1]; ${PROPOSED_STRENGTHS}, with a control ${CONTROLLED_STRENGTHS} by default`,
      ).argParser(listOf(number)),
    )
    .addOption(listOption('--seeds <list>', "seeds of the noise: torch.randn's numbers", integer, PROPOSED_SEEDS))
    .option('--pick <number|name>', 'pick one of the edits that are there, without rendering again')
    .option('--auto', 'pick the edit of the highest rank');
  return addOutputOptions(addTrackingOptions(addMetadataOption(command)))
    .option('-o, --out <dir>', 'folder for the pictures; a new one under runs/ by default')
    .addHelpText('after', EXAMPLES);
}
