// `steadyframe metrics`: measures a finished video, with or without its source.

import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { metrics, unevenSentence } from '../../lib/metrics/metrics.js';
import { openPair } from '../../lib/metrics/open-pair.js';
import { openVideo } from '../../lib/video/read/open-video.js';
import type { MetricsValues } from '../commands/metrics.js';
import type { Context } from '../context.js';
import { formatNumber, formatPlural } from '../table.js';
import { metricTable } from './metric-table.js';

export async function run(context: Context, output: string, values: MetricsValues): Promise<void> {
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
  terminal.out(metricTable(ofOutput, { output: ofOutput, ...given({ source: ofSource }) }));
  terminal.out(`\n${formatPlural(frames, 'frame')} of ${width}x${height} at ${formatNumber(frameRate)} a second\n`);
}
