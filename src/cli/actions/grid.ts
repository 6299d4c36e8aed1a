// `steadyframe grid`: arranges several videos in one grid video.

import { resolve } from 'node:path';
import { given } from '../../lib/base/given.js';
import { grid } from '../../lib/video/layout/write-grid.js';
import type { GridValues } from '../commands/grid.js';
import type { Context } from '../context.js';
import { formatPlural } from '../table.js';

export async function run(context: Context, files: readonly string[], values: GridValues): Promise<void> {
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const { reporter } = context;
  const { columns, labels, clockwise, frameRate } = values;
  const end = await grid(files, values.out, {
    columns,
    ...given({ metadata: values.metadata }),
    signal: terminal.signal,
    onProgress: reporter.report,
    onWarning: warn,
    ...(labels && { labels }),
    ...(clockwise && { order: 'clockwise' }),
    ...(frameRate !== undefined && { frameRate }),
  });
  reporter.close();
  if (end.endedFirst.length > 0) {
    const names = end.endedFirst.map((i) => files[i]).join(', ');
    warn(`the videos are not equally long: the grid ends after ${formatPlural(end.frames, 'frame')}, with ${names}`);
  }
  const out = resolve(values.out);
  terminal.out(
    values.json ? `${JSON.stringify({ out, ...end }, null, 1)}\n` : `${out}: ${formatPlural(end.frames, 'frame')}\n`,
  );
}
