// The flags and help of `steadyframe seeds`.

import type { Command } from 'commander';
import type { NoiseMode } from '../../lib/diffusion/restyle.js';
import { COMPARED_SEEDS } from '../../lib/settings/lists.js';
import { NOISE_MODES, RENDER, SUBJECT } from '../../lib/settings/table.js';
import { addComparisonOptions, addDenoiseOptions, type ComparisonValues } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { integer, listOption, oneOf } from '../values.js';

const EXAMPLES = `
Writes what sweep writes, one mp4 a seed. With per-frame noise, frame i has the noise of seed + i: what flickers more then
owes its steadiness to the shared noise.

Examples:
  steadyframe seeds shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --seeds 1,2,3 --strength 0.45
  steadyframe seeds shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --seeds 1 --noise fixed,per-frame`;

/** Values of the options. */
export interface SeedsValues extends ComparisonValues {
  strength: number;
  seeds: number[];
  noise: NoiseMode[];
}

/** Adds the command to the program. */
export function addSeeds(program: Command): Command {
  const command = program
    .command('seeds')
    .summary('render a video under several seeds and compare them')
    .description('Renders a video under several seeds at one strength, and compares them.')
    .argument('<video>', SUBJECT.video.help);
  addSettings(addDenoiseOptions(command), { strength: RENDER.strength })
    .addOption(listOption('--seeds <list>', "seeds of the noise: torch.randn's numbers", integer, COMPARED_SEEDS))
    .addOption(
      listOption('--noise <mode>', `${RENDER.noise.help}; fixed,per-frame: both`, oneOf(NOISE_MODES), [
        RENDER.noise.default,
      ]),
    );
  return addComparisonOptions(command).addHelpText('after', EXAMPLES);
}
