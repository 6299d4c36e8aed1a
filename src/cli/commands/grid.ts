// The flags and help of `steadyframe grid`.

import type { Command } from 'commander';
import { SELECTION } from '../../lib/settings/table.js';
import { addMetadataOption, addOutputOptions } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { integer } from '../values.js';

const EXAMPLES = `
Videos of another size than most are cut and scaled to it. The grid is as long as the shortest of them. Besides .mp4, the name may end in .webp, .gif, or /
for a folder of PNG.

Examples:
  steadyframe grid shot.mp4 a.mp4 b.mp4 c.mp4 -o grid.mp4 --labels original,0.45,0.75,finetuned
  steadyframe grid shot.mp4 a.mp4 b.mp4 c.mp4 -o grid.mp4 --clockwise`;

/** Values of the options. */
export interface GridValues {
  out: string;
  columns: number;
  labels?: string[];
  clockwise?: boolean;
  frameRate?: number;
  metadata?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addGrid(program: Command): Command {
  const command = program
    .command('grid')
    .summary('put videos beside each other')
    .description('Puts several videos beside each other in one, row by row from the top left.')
    .argument('<file...>', 'the videos')
    .requiredOption('-o, --out <file>', 'the video to write')
    .option('--columns <n>', 'videos in a row', integer, 2)
    .option('--labels <list>', 'one text for each video, with commas between them', (text: string) => text.split(','))
    .option('--clockwise', 'four videos from the top left one round');
  addSettings(command, { frameRate: SELECTION.frameRate });
  return addOutputOptions(addMetadataOption(command)).addHelpText('after', EXAMPLES);
}
