// `steadyframe metrics`: the metrics of a finished video, with or without its source.

import type { Command } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { given } from '../lib/base/given.js';
import type { MetricName } from '../lib/metrics/measurement.js';
import { SELECTION } from '../lib/settings/table.js';
import type { OpenVideoOptions } from '../lib/video/read/open-video.js';
import type { Context } from './context.js';
import { addOutputOptions } from './render-options.js';
import { addSettings } from './setting-flags.js';
import { formatNumber, formatPlural, formatTable } from './table.js';
import { rectangle, seconds } from './values.js';

const EXAMPLES = `
Frames are measured as players show them, each once. Without --source only the metrics that need none are given. A source of other
sides or another frame rate is brought to those of the video, as renderings are; of the longer one the beginning is taken.

Examples:
  steadyframe metrics edited.mp4 --source shot.mp4
  steadyframe metrics edited.mp4 --source shot.mp4 --source-start 3.2
  steadyframe metrics grid.gif --crop 192,0,192,192 --source grid.gif --source-crop 0,0,192,192 --json`;

interface MetricsValues {
  crop?: OpenVideoOptions['crop'];
  source?: string;
  frameRate?: number;
  sourceCrop?: OpenVideoOptions['crop'];
  sourceStart?: number;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addMetrics(program: Command, context: Context): void {
  const command = program
    .command('metrics')
    .summary('measure a video, with or without its source')
    .description('Measures how steady a video is, and how far it is from its source.')
    .argument('<output>', 'the video to measure')
    .option('--crop <x,y,w,h>', 'the part of it to measure, in pixels', rectangle)
    .option('--source <video>', 'the video that it was made from')
    .option('--source-crop <x,y,w,h>', 'the part of the source that belongs to it', rectangle)
    .option('--source-start <time>', 'where in the source it begins, such as 3.2 or 1:03.2', seconds);
  addSettings(command, { frameRate: SELECTION.frameRate });
  addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((output: string, values: MetricsValues) => run(output, values, context));
}

async function run(output: string, values: MetricsValues, context: Context): Promise<void> {
  const { METRICS } = await import('../lib/metrics/measurement.js');
  const { metrics, unevenSentence } = await import('../lib/metrics/metrics.js');
  const { openPair } = await import('../lib/metrics/open-pair.js');
  const { openVideo } = await import('../lib/video/read/open-video.js');
  const { terminal } = context;
  if (values.quiet) context.quieten();
  if (values.sourceCrop && values.source === undefined) {
    throw new UsageError('--source-crop belongs to --source; name the source, or use --crop for the video itself');
  }
  if (values.sourceStart !== undefined && values.source === undefined) {
    throw new UsageError('--source-start belongs to --source; name the source');
  }
  const { crop, sourceCrop, sourceStart } = values;
  const hooks = { signal: terminal.signal, onWarning: context.warn };
  const opened = { ...hooks, ...given({ crop, frameRate: values.frameRate }) };
  const { source, output: video } =
    values.source === undefined
      ? { source: undefined, output: await openVideo(output, { exact: true, ...opened }) }
      : await openPair(values.source, output, { ...opened, ...given({ sourceCrop, sourceStart }) });
  const options = {
    signal: terminal.signal,
    onProgress: context.reporter.report,
    onUneven: (shorter: string, longer: string, frames: number) =>
      context.warn(unevenSentence(shorter, longer, frames)),
  };
  const measured = await (source ? metrics(source, video, options) : metrics(video, options));
  context.reporter.close();
  const { frames } = measured;
  const { width, height, frameRate } = video;
  const [ofOutput, ofSource] = [measured.output.means, measured.source?.means];
  if (values.json) {
    const result = { frames, width, height, frameRate, output: ofOutput, ...(ofSource && { source: ofSource }) };
    terminal.out(`${JSON.stringify(result, null, 1)}\n`);
    return;
  }
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => name in ofOutput);
  const rows = names.map((name) => [
    METRICS[name].title,
    formatNumber(ofOutput[name]),
    ...(ofSource ? [formatNumber(ofSource[name])] : []),
  ]);
  terminal.out(formatTable(['metric', 'output', ...(ofSource ? ['source'] : [])], rows));
  terminal.out(`\n${formatPlural(frames, 'frame')} of ${width}x${height} at ${formatNumber(frameRate)} a second\n`);
}
