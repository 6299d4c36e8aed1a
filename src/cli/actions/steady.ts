// `steadyframe steady`: steadies a restyled video by the motion of its source, and prints what changed.

import { resolve } from 'node:path';
import { FailureError, NonFiniteError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { givenSettings } from '../../lib/settings/defaults.js';
import { OUTPUT } from '../../lib/settings/table.js';
import { type SteadyResult, steady } from '../../lib/steady/steady.js';
import { hasSteadyWork, workFolder } from '../../lib/steady/work.js';
import { STEADYING, type SteadyValues } from '../commands/steady.js';
import { type Context, resumeCommand } from '../context.js';
import { formatPlural } from '../table.js';
import { metricTable } from './metric-table.js';

export async function run(context: Context, video: string, values: SteadyValues): Promise<void> {
  if (values.quiet) context.quieten();
  const { terminal, reporter } = context;
  const result = await steady(values.source, video, values.out, {
    ...givenSettings({ ...STEADYING, ...OUTPUT }, values),
    ...given({ resume: values.resume }),
    signal: terminal.signal,
    onProgress: reporter.report,
    onWarning: context.warn,
  }).catch((error) => {
    const canContinue = error instanceof FailureError && !(error instanceof NonFiniteError);
    const place = resolve(values.out);
    if ((terminal.signal.aborted || canContinue) && hasSteadyWork(place)) {
      const { args } = context;
      context.remedy = `What is done so far is kept in ${workFolder(place)}; continue with:\n  ${resumeCommand(args)}`;
    }
    throw error;
  });
  reporter.close();
  terminal.out(values.json ? `${JSON.stringify(result, null, 1)}\n` : resultText(result));
}

function resultText({ out, frames, source, before, after }: SteadyResult): string {
  return `${metricTable(after, { source, before, after })}\n${out}: ${formatPlural(frames, 'frame')}\n`;
}
