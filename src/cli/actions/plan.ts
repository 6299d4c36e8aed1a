// `steadyframe plan`: how long a video takes on this machine.

import { formatBytes } from '../../lib/base/format-bytes.js';
import { formatSeconds } from '../../lib/base/progress.js';
import { type Estimate, estimateRenderings } from '../../lib/renderings/estimate.js';
import { givenSettings } from '../../lib/settings/defaults.js';
import { SELECTION } from '../../lib/settings/table.js';
import { COUNTED, type PlanValues } from '../commands/plan.js';
import type { Context } from '../context.js';
import { formatNumber, formatTable } from '../table.js';
import { withModel } from './with-model.js';

export async function run(context: Context, video: string, values: PlanValues): Promise<void> {
  if (values.quiet) context.quieten();
  const { terminal, reporter, warn: onWarning } = context;
  await withModel(values, context, async (model) => {
    const { sizes } = values;
    const estimates = await estimateRenderings(model, video, {
      ...{ prompt: '', ...givenSettings({ ...SELECTION, ...COUNTED }, values) },
      ...(sizes && { sizes }),
      ...{ signal: terminal.signal, onWarning },
      onSize: (width, height) => reporter.note(`steadyframe: measuring ${width}x${height}`),
    });
    reporter.close();
    terminal.out(values.json ? `${JSON.stringify(estimates, null, 1)}\n` : planText(video, estimates));
  });
}

function planText(video: string, estimates: readonly Estimate[]): string {
  const [{ frames }] = estimates;
  const rows = estimates.map(
    ({ width, height, preset, steady, passesPerFrame, secondsPerFrame, seconds, peakBytes }) => [
      `${width}x${height}`,
      preset,
      steady ? 'keyframes' : 'all frames',
      passesPerFrame.toFixed(1),
      formatNumber(secondsPerFrame),
      seconds === undefined ? '-' : formatSeconds(seconds),
      formatBytes(peakBytes),
    ],
  );
  return [
    `${video}: ${frames ?? 'an unknown number of'} frames\n\n`,
    formatTable(['size', 'preset', 'rendered', 'passes a frame', 'seconds a frame', 'in all', 'memory'], rows),
    '\ndefault is exact to diffusers; fast, draft (--preset) and keyframes (--steady) are approximations, see the README of\n' +
      'src/experiments/methods for their distance.\n',
  ].join('');
}
