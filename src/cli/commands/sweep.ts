// The flags and help of `steadyframe sweep`.

import type { Command } from 'commander';
import type { NoiseMode } from '../../lib/diffusion/restyle.js';
import { SWEEP_STRENGTHS } from '../../lib/settings/lists.js';
import { RENDER, SUBJECT } from '../../lib/settings/table.js';
import { addComparisonOptions, addDenoiseOptions, type ComparisonValues } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { listOption, number } from '../values.js';

const EXAMPLES = `
Writes one mp4 a strength, the source after a VAE round trip, a grid of all (original first), curves.csv with every metric a
frame, and result.json. Strength is the share of the steps that is executed: more is a stronger edit.

Examples:
  steadyframe sweep shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --frames 8 --dry-run
  steadyframe sweep shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --strengths 0.325,0.45,0.75
  steadyframe sweep shot.mp4 --model sd15.safetensors --prompt "oil painting" --lora style.safetensors:0.8 --json
  steadyframe sweep shot.mp4 --model sd15/ --prompt "pencil drawing" --out runs/pencil --resume`;

/** Values of the options. */
export interface SweepValues extends ComparisonValues {
  strengths: number[];
  seed: number;
  noise: NoiseMode;
}

/** Adds the command to the program. */
export function addSweep(program: Command): Command {
  const command = program
    .command('sweep')
    .summary('render a video at several strengths and compare them')
    .description('Renders a video at several strengths under one seed and one noise, and compares them.')
    .argument('<video>', SUBJECT.video.help);
  addSettings(
    addDenoiseOptions(command).addOption(
      listOption('--strengths <list>', 'strengths in (0, 1]', number, SWEEP_STRENGTHS),
    ),
    { seed: RENDER.seed, noise: RENDER.noise },
  );
  return addComparisonOptions(command).addHelpText('after', EXAMPLES);
}
