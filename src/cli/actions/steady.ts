// `steadyframe steady`: steadies a restyled video by the motion of its source, and prints what changed.

import { givenSettings } from '../../lib/settings/defaults.js';
import { type SteadyResult, steady } from '../../lib/steady/steady.js';
import { STEADYING, type SteadyValues } from '../commands/steady.js';
import type { Context } from '../context.js';
import { formatPlural } from '../table.js';
import { metricTable } from './metric-table.js';

export async function run(context: Context, video: string, values: SteadyValues): Promise<void> {
  const { terminal, reporter } = context;
  if (values.quiet) context.quieten();
  const result = await steady(values.source, video, values.out, {
    ...givenSettings(STEADYING, values),
    signal: terminal.signal,
    onProgress: reporter.report,
    onWarning: context.warn,
  });
  reporter.close();
  terminal.out(values.json ? `${JSON.stringify(result, null, 1)}\n` : resultText(result));
}

function resultText({ out, frames, source, before, after }: SteadyResult): string {
  return `${metricTable(after, { source, before, after })}\n${out}: ${formatPlural(frames, 'frame')}\n`;
}
