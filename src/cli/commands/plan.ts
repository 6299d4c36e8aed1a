// The flags and help of `steadyframe plan`.

import { type Command, Option } from 'commander';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { RENDER, type SELECTION, STEADY, SUBJECT } from '../../lib/settings/table.js';
import type { FrameSize } from '../../lib/video/geometry.js';
import { addModelOptions, type ModelOptions } from '../model-options.js';
import { addOutputOptions, addPartOptions, type OutputValues } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { listOf, size } from '../values.js';

const EXAMPLES = `
Runs each part once (autoencoder, a pass of the network, the motion between two frames), a minute or two for a full-size model, and
prints what presets take with all frames rendered and with --steady. Nothing is written.

Examples:
  steadyframe plan shot.mp4 --model sd15/
  steadyframe plan shot.mp4 --model sd15/ --sizes 384,512 --guidance-scale 1 --duration 10`;

/** The settings of a rendering that an estimate depends on. */
export const COUNTED = {
  strength: RENDER.strength,
  guidanceScale: RENDER.guidanceScale,
  batch: RENDER.batch,
  keyEvery: STEADY.keyEvery,
  flow: STEADY.flow,
};

/** Values of the options. */
export interface PlanValues
  extends ModelOptions,
    OutputValues,
    OptionsOf<Omit<typeof SELECTION, 'size'>>,
    Required<OptionsOf<typeof COUNTED>> {
  sizes?: FrameSize[];
}

/** Adds the command to the program. */
export function addPlan(program: Command): Command {
  const command = program
    .command('plan')
    .summary('say how long a video takes on this machine')
    .description(
      'Measures this machine and says how long a video takes, by size, preset, and with --steady or without.',
    )
    .argument('<video>', SUBJECT.video.help)
    .addOption(
      new Option(
        '--sizes <list>',
        "shorter sides of the frames, or WIDTHxHEIGHT, to compare; the model's own by default",
      ).argParser(listOf(size)),
    );
  return addOutputOptions(addSettings(addPartOptions(addModelOptions(command)), COUNTED)).addHelpText(
    'after',
    EXAMPLES,
  );
}
