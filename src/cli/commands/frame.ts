// The flags and help of `steadyframe frame`.

import type { Command } from 'commander';
import { FRAME_SEEDS, FRAME_STRENGTHS } from '../../lib/settings/lists.js';
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
import { integer, listOption, number, seconds } from '../values.js';

const EXAMPLES = `
Writes sheet.png (rows are strengths, columns seeds), every picture of it, and result.json. A sweep with the same seed, size
and strength gives the very same picture for this frame.

Examples:
  steadyframe frame shot.mp4 --at 3.2s --model sd15/ --prompt "a cyberpunk city at night"
  steadyframe frame shot.mp4 --at 1:03.2 --model sd15/ --prompt "oil painting" --seeds 1,2,3,4 --strengths 0.3,0.5,0.7`;

/** Values of the options. */
export interface FrameValues extends DenoiseValues, TrackingValues, OptionsOf<typeof OUTPUT> {
  at: number;
  frameRate?: number;
  seeds: number[];
  strengths: number[];
}

/** Adds the command to the program. */
export function addFrame(program: Command): Command {
  const command = program
    .command('frame')
    .summary('edit one frame with several seeds and strengths')
    .description('Edits a single frame with several seeds and strengths, as a contact sheet.')
    .argument('<video>', SUBJECT.video.help)
    .requiredOption('--at <time>', 'which frame: the one shown at this time, such as 3.2s or 1:03.2', seconds);
  addDenoiseOptions(addSettings(command, { frameRate: SELECTION.frameRate }))
    .addOption(listOption('--strengths <list>', 'strengths in (0, 1]', number, FRAME_STRENGTHS))
    .addOption(listOption('--seeds <list>', "seeds of the noise: torch.randn's numbers", integer, FRAME_SEEDS));
  return addOutputOptions(addTrackingOptions(addMetadataOption(command)))
    .option('-o, --out <dir>', 'folder for the pictures; a new one under runs/ by default')
    .addHelpText('after', EXAMPLES);
}
