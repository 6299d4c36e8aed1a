// The flags and help of `steadyframe metrics`.

import type { Command } from 'commander';
import { SELECTION } from '../../lib/settings/table.js';
import type { OpenVideoOptions } from '../../lib/video/read/open-video.js';
import { addOutputOptions } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { rectangle, seconds } from '../values.js';

const EXAMPLES = `
Frames are measured as players show them, each once. Without --source only the metrics that need none are given. A source of other
sides or another frame rate is brought to those of the video, as renderings are; of the longer one the beginning is taken.

Examples:
  steadyframe metrics edited.mp4 --source shot.mp4
  steadyframe metrics edited.mp4 --source shot.mp4 --source-start 3.2
  steadyframe metrics grid.gif --crop 192,0,192,192 --source grid.gif --source-crop 0,0,192,192 --json`;

/** Values of the options. */
export interface MetricsValues {
  crop?: OpenVideoOptions['crop'];
  source?: string;
  frameRate?: number;
  sourceCrop?: OpenVideoOptions['crop'];
  sourceStart?: number;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addMetrics(program: Command): Command {
  const command = program
    .command('metrics')
    .summary('measure a video, with or without its source')
    .description('Measures how steady a video is, and how far it is from its source.')
    .argument('<output>', 'the video to measure')
    .option('--crop <x,y,w,h>', 'the part of it to measure, in pixels', rectangle)
    .option('--source <video>', 'the video that it was made from')
    .option('--source-crop <x,y,w,h>', 'the part of the source that belongs to it', rectangle)
    .option('--source-start <time>', 'where in the source it begins, such as 3.2 or 1:03.2', seconds);
  addSettings(command, { frameRate: SELECTION.frameRate });
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
