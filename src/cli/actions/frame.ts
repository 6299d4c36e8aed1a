// `steadyframe frame`: edits one frame with several seeds and strengths, as a trial before a long run.

import { given } from '../../lib/base/given.js';
import { editFrame } from '../../lib/edits/edit-frame.js';
import { sheetPaths } from '../../lib/edits/edits-folder.js';
import { checkPrompts } from '../../lib/models/check-prompts.js';
import { chosenSettings, givenSettings } from '../../lib/settings/defaults.js';
import { DENOISE, OUTPUT, SELECTION } from '../../lib/settings/table.js';
import type { FrameValues } from '../commands/frame.js';
import type { Context } from '../context.js';
import { trackingSettings } from '../render-options.js';
import { formatTable, formatTimestep } from '../table.js';
import { withModel } from './with-model.js';

export async function run(context: Context, video: string, values: FrameValues): Promise<void> {
  const { terminal } = context;
  const { at: time, seeds, strengths, out: folder } = values;
  if (values.quiet) context.quieten();
  await withModel(values, context, async (model) => {
    checkPrompts(model, values, context.warn);
    const { out, at, edits } = await editFrame(model, video, {
      ...chosenSettings(DENOISE, values),
      ...givenSettings({ ...SELECTION, ...OUTPUT }, values),
      ...trackingSettings(values, context),
      ...{ at: time, seeds, strengths, ...given({ out: folder }) },
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
