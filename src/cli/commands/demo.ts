// The flags and help of `steadyframe demo`.

import type { Command } from 'commander';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { APPLIED } from '../../lib/settings/table.js';
import { addOutputOptions, addTrackingOptions, type TrackingValues } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { integer } from '../values.js';

const EXAMPLES = `
Writes into steadyframe-demo/ (the next free name where there is one): the shot, demo.webp and grid.mp4 with the original and its
edits side by side, and all that a sweep writes. It needs no model, no video and no network.

Examples:
  steadyframe demo
  steadyframe demo --out first-look --frames 36`;

/** The default folder for results. */
export const FOLDER = 'steadyframe-demo';

const { device, engine } = APPLIED;

/** Values of the options. */
export interface DemoValues extends TrackingValues, OptionsOf<Pick<typeof APPLIED, 'device' | 'engine'>> {
  out?: string;
  frames: number;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addDemo(program: Command): Command {
  const command = program
    .command('demo')
    .summary('the first result in a minute: a bundled shot, restyled by a bundled model')
    .description('Restyles a bundled shot with the bundled model at two strengths, and says where to go next.')
    .option('-o, --out <dir>', `folder for the results; ${FOLDER} by default`)
    .option('--frames <n>', 'frames of the shot, 36 at most', integer, 12);
  return addOutputOptions(addTrackingOptions(addSettings(command, { device, engine }))).addHelpText('after', EXAMPLES);
}
