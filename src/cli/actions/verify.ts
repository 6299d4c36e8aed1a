// `steadyframe verify`: reads the files of runs back, and lists damaged ones.

import { FailureError } from '../../lib/base/errors.js';
import { verify } from '../../lib/sweeps/verify.js';
import { runsRoot } from '../../lib/tracking/stored/run-record.js';
import type { VerifyValues } from '../commands/verify.js';
import type { Context } from '../context.js';
import { formatPlural } from '../table.js';

export async function run(
  context: Context,
  names: readonly string[],
  { root, json, quiet }: VerifyValues,
): Promise<void> {
  const { terminal } = context;
  if (quiet) context.quieten();
  const found = await verify(names, {
    root: root ?? runsRoot(terminal.env),
    onProgress: context.reporter.report,
    signal: terminal.signal,
  });
  context.reporter.close();
  const { files, damaged, unchecked, running } = found;
  if (json) terminal.out(`${JSON.stringify(found, null, 1)}\n`);
  else {
    for (const { reason } of damaged) terminal.out(`${reason}\n`);
    for (const folder of running) terminal.out(`${folder}: is being written, and was left out\n`);
    const without = unchecked.slice(0, 3).join(', ') + (unchecked.length > 3 ? ', ...' : '');
    terminal.out(
      `${formatPlural(files, 'file')} read back, ${damaged.length} damaged` +
        (unchecked.length > 0 ? `; ${unchecked.length} of an earlier version without a checksum: ${without}\n` : '\n'),
    );
  }
  if (damaged.length === 0) return;
  context.remedy = 'Where the command that made it is run again with --resume, what is damaged is made again.';
  throw new FailureError(`${formatPlural(damaged.length, 'file')} of ${files} damaged or missing`);
}
