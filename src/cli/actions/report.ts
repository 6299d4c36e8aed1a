// `steadyframe report`: writes a comparison of runs as a folder that opens from disk.

import { formatBytes } from '../../lib/base/format-bytes.js';
import { runsRoot } from '../../lib/tracking/stored/run-record.js';
import { writeRunReport } from '../../ui/write-run-report.js';
import type { ReportValues } from '../commands/report.js';
import type { Context } from '../context.js';
import { formatPlural } from '../table.js';

export async function run(context: Context, names: readonly string[], values: ReportValues): Promise<void> {
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const { out, filter, title, json } = values;
  const { report } = context.reporter;
  const written = await writeRunReport(out, {
    ...{ names, filter, title },
    root: values.root ?? runsRoot(terminal.env),
    signal: terminal.signal,
    onProgress: report,
    onWarning: warn,
  });
  context.reporter.close();
  const { path, runs, files, bytes } = written;
  const text = `${path}: ${formatPlural(runs, 'run')}, ${formatPlural(files, 'file')} beside it, ${formatBytes(bytes)}\n`;
  terminal.out(json ? `${JSON.stringify(written, null, 1)}\n` : text);
}
