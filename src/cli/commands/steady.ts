// The flags and help of `steadyframe steady`.

import type { Command } from 'commander';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { FILTER, MEDIAN, METHOD, type OUTPUT, PRIOR, STEADY } from '../../lib/settings/table.js';
import { addMetadataOption, addOutputOptions, type OutputValues } from '../render-options.js';
import { addSettings } from '../setting-flags.js';

const EXAMPLES = `
With keyframes every n-th frame of the video is kept, and the frames between are its pixels, carried along the motion of the
source. Nothing is carried across a cut. The source is brought to the size and frame rate of the video; sound and frame times
are kept. Until all is done, the steadied frames are kept in FILE.partial, from which --resume continues to the same bytes; an
interrupted prior goes on at the last whole pass over the frames.

Examples:
  steadyframe steady styled.mp4 --source shot.mp4 -o steady.mp4
  steadyframe steady frames/ --source shot.mp4 -o steady.mp4 --key-every 8
  steadyframe steady styled.mp4 --source shot.mp4 -o steady.mp4 --method prior`;

/** All methods' settings. */
export const STEADYING = {
  ...{ ...METHOD, ...STEADY, ...FILTER, ...PRIOR },
  flow: {
    ...STEADY.flow,
    help: `${STEADY.flow.help} (default: ${STEADY.flow.default}, with the median ${MEDIAN.flow.default})`,
  },
};

/** Values of the options. */
export interface SteadyValues extends OutputValues, OptionsOf<typeof STEADYING>, OptionsOf<typeof OUTPUT> {
  source: string;
  out: string;
  resume?: boolean;
}

/** Adds the command to the program. */
export function addSteady(program: Command): Command {
  const command = program
    .command('steady')
    .summary('steady a video that any tool has restyled')
    .description('Steadies a video that was restyled frame by frame, with whatever tool, by the motion of its source.')
    .argument('<video>', 'the restyled video, or a folder of its frames')
    .requiredOption('--source <video>', 'the video that it was made from')
    .requiredOption('-o, --out <file>', 'the video to write')
    .option('--resume', 'continue an interrupted run with the same options');
  addSettings(command, STEADYING, { defaults: { flow: undefined } });
  return addOutputOptions(addMetadataOption(command)).addHelpText('after', EXAMPLES);
}
