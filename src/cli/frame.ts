// `steadyframe frame`: one frame of a video under several seeds and strengths, to try before a long run.

import type { Command } from 'commander';
import { given } from '../lib/base/given.js';
import { FRAME_SEEDS, FRAME_STRENGTHS } from '../lib/settings/lists.js';
import { SELECTION, SUBJECT } from '../lib/settings/table.js';
import type { Context } from './context.js';
import { checkPrompts, withModel } from './model-options.js';
import {
  addDenoiseOptions,
  addOutputOptions,
  addTrackingOptions,
  type DenoiseValues,
  denoiseSettings,
  type TrackingValues,
  trackingSettings,
} from './render-options.js';
import { addSettings } from './setting-flags.js';
import { formatTable, formatTimestep } from './table.js';
import { integer, listOption, number, seconds } from './values.js';

const EXAMPLES = `
Writes sheet.png (rows are strengths, columns seeds), every picture of it, and result.json. A sweep with the same seed, size
and strength gives the very same picture for this frame.

Examples:
  steadyframe frame shot.mp4 --at 3.2s --model sd15/ --prompt "a cyberpunk city at night"
  steadyframe frame shot.mp4 --at 1:03.2 --model sd15/ --prompt "oil painting" --seeds 1,2,3,4 --strengths 0.3,0.5,0.7`;

interface FrameValues extends DenoiseValues, TrackingValues {
  at: number;
  frameRate?: number;
  seeds: number[];
  strengths: number[];
}

/** Adds the command to the program. */
export function addFrame(program: Command, context: Context): void {
  const command = program
    .command('frame')
    .summary('edit one frame with several seeds and strengths')
    .description('Edits a single frame with several seeds and strengths, as a contact sheet.')
    .argument('<video>', SUBJECT.video.help)
    .requiredOption('--at <time>', 'which frame: the one shown at this time, such as 3.2s or 1:03.2', seconds);
  addDenoiseOptions(addSettings(command, { frameRate: SELECTION.frameRate }))
    .addOption(listOption('--strengths <list>', 'strengths in (0, 1]', number, FRAME_STRENGTHS))
    .addOption(listOption('--seeds <list>', "seeds of the noise: torch.randn's numbers", integer, FRAME_SEEDS));
  addOutputOptions(addTrackingOptions(command))
    .option('-o, --out <dir>', 'folder for the pictures; a new one under runs/ by default')
    .addHelpText('after', EXAMPLES)
    .action((video: string, values: FrameValues) => run(video, values, context));
}

async function run(video: string, values: FrameValues, context: Context): Promise<void> {
  const { editFrame } = await import('../lib/edits/edit-frame.js');
  const { sheetPaths } = await import('../lib/edits/edits-folder.js');
  const { terminal } = context;
  const { at: time, seeds, strengths, size, frameRate, out: folder } = values;
  if (values.quiet) context.quieten();
  await withModel(values, context, async (model) => {
    checkPrompts(model, values, context);
    const { out, at, edits } = await editFrame(model, video, {
      ...denoiseSettings(values),
      ...trackingSettings(values, context),
      ...{ at: time, seeds, strengths, ...given({ size, frameRate, out: folder }) },
      ...{ onProgress: context.reporter.report, onWarning: context.warn, signal: terminal.signal },
    });
    context.reporter.close();
    const pictures = edits.map(({ strength, seed, firstTimestep, file }) => ({
      ...{ strength, seed, firstTimestep },
      picture: file,
    }));
    if (values.json) {
      terminal.out(`${JSON.stringify({ out, ...sheetPaths(out), at, edits: pictures }, null, 1)}\n`);
      return;
    }
    const rows = pictures.map(({ strength, seed, firstTimestep, picture }) => [
      ...[String(strength), formatTimestep(firstTimestep), String(seed)],
      picture,
    ]);
    const table = formatTable(['strength', 'first timestep', 'seed', 'picture'], rows);
    terminal.out(`${table}\nsheet: ${sheetPaths(out).sheet}\n`);
  });
}
