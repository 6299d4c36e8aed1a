// The flags and help of `steadyframe control`.

import type { Command } from 'commander';
import { Option } from 'commander';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { FRAME_CONDITIONS, SELECTION, SUBJECT } from '../../lib/settings/table.js';
import { addMetadataOption, addOutputOptions } from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { oneOf } from '../values.js';

const EXAMPLES = `
Writes the pictures that a ControlNet of this kind is shown: canny (edges), tile (the frame itself), lineart and scribble (dark lines, in
white), blur, luminance. Besides .mp4, the name may end in .webp, .gif, or / for a folder of PNG.

Examples:
  steadyframe control shot.mp4 --kind canny -o edges.mp4
  steadyframe control shot.mp4 --kind lineart --size 512 --frames 1 -o lines/`;

/** Values of the options. */
export interface ControlValues extends OptionsOf<typeof SELECTION> {
  kind: (typeof FRAME_CONDITIONS)[number];
  out: string;
  metadata?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addControl(program: Command): Command {
  const kind = new Option('--kind <kind>', `what is made of the frames (${FRAME_CONDITIONS.join(', ')})`);
  const command = program
    .command('control')
    .summary('show what a ControlNet sees of a video')
    .description('Writes what a ControlNet sees of a video, to look at before a rendering follows it.')
    .argument('<video>', SUBJECT.video.help)
    .addOption(kind.argParser(oneOf(FRAME_CONDITIONS)).makeOptionMandatory())
    .requiredOption('-o, --out <file>', 'the video to write');
  const { size, ...parts } = SELECTION;
  addSettings(command, {
    size: { ...size, help: 'shorter side of the frames, or WIDTHxHEIGHT, cropped to it' },
    ...parts,
  });
  return addOutputOptions(addMetadataOption(command)).addHelpText('after', EXAMPLES);
}
