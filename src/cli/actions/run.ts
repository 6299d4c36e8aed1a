// `steadyframe run`: renders and compares all points of a sweep file.

import { basename } from 'node:path';
import { FailureError, UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { readSweepFile, type SweepFile } from '../../lib/sweeps/file/read-sweep-file.js';
import { settingText } from '../../lib/sweeps/file/sweep-points.js';
import type { Executor } from '../../lib/sweeps/jobs/executor.js';
import { planSweep, type RunSweepOptions, runSweep, type SweepPlan } from '../../lib/sweeps/run-sweep.js';
import { secondsLeft } from '../../lib/sweeps/seconds-left.js';
import { openStore } from '../../lib/sweeps/store/open-store.js';
import { openJobQueue } from '../../lib/sweeps/store/redis-queue.js';
import { storeExecutor } from '../../lib/sweeps/store/store-executor.js';
import { type SweepOutcome, sortedPoints } from '../../lib/sweeps/sweep-outcome.js';
import { workLeft } from '../../lib/sweeps/work-left.js';
import type { RunValues } from '../commands/run.js';
import { type Context, resumeCommand, shellCommand } from '../context.js';
import { trackingSettings } from '../render-options.js';
import { formatCount, formatNumber, formatPlural, formatTable, timeText } from '../table.js';

/** Metrics shown in the table besides the sweep's own. */
const SHOWN = ['edit_strength', 'flicker_ratio', 'warping_error_normalised'];

export async function run(context: Context, path: string, values: RunValues): Promise<void> {
  const { terminal, reporter } = context;
  if (values.quiet) context.quieten();
  const { out, resume, workers, retries } = values;
  const file = withTop(await readSweepFile(path), {
    ...(values.steady && { steady: true }),
    ...(values.metadata === false && { metadata: false }),
  });
  const options: RunSweepOptions = {
    ...trackingSettings(values, context),
    ...{ workers, retries, signal: terminal.signal, onWarning: context.warn },
    ...(out !== undefined && { out }),
    ...(resume !== undefined && { resume }),
    onProgress: (progress) => context.reporter.report(progress),
  };
  if (values.store !== undefined && values.executor === 'process') {
    throw new UsageError(
      `--store ${values.store}: the processes of this machine share nothing; add --executor workers`,
    );
  }
  if ((values.redis !== undefined) !== (values.executor === 'bullmq')) {
    throw new UsageError('--redis and --executor bullmq belong together; give both, or neither');
  }
  if (values.dryRun) {
    const plan = await planSweep(file, options);
    const seconds = await secondsLeft(plan.jobs, { signal: terminal.signal, onWarning: context.warn });
    reporter.close();
    terminal.out(values.json ? `${JSON.stringify(planJson(plan, seconds), null, 1)}\n` : planText(plan, seconds));
    return;
  }
  const executor = values.executor === 'process' ? undefined : await offering(values, context);
  let begun: { out: string; points: number; done: number } | undefined;
  let ended = 0;
  try {
    const outcome = await runSweep(file, {
      ...options,
      ...(executor && { executor }),
      onStart(start) {
        begun = start;
        const done = start.done > 0 ? `, ${start.done} of them done already` : '';
        context.reporter.note(`steadyframe: ${formatPlural(start.points, 'point')}${done}; writing into ${start.out}`);
        if (executor) context.reporter.note(workersNote(values, start.out));
      },
      onPoint(point, evaluated) {
        if (!('reason' in evaluated)) ended++;
        else context.reporter.note(`steadyframe: ${point.label} failed: ${evaluated.reason}`);
      },
    });
    context.reporter.close();
    terminal.out(values.json ? `${JSON.stringify(outcome, null, 1)}\n` : outcomeText(outcome));
    const failed = outcome.points.filter(({ status }) => status === 'failed');
    if (failed.length > 0) {
      context.remedy = `The others are done; try these again with:\n  ${resumeCommand(context.args)}`;
      const each = failed.map(({ label, reason }) => `${label} (${reason})`).join('; ');
      throw new FailureError(`${failed.length} of ${formatPlural(outcome.points.length, 'point')} failed: ${each}`);
    }
  } catch (error) {
    if (begun && terminal.signal.aborted) {
      const done = `${formatPlural(ended, 'point')} done, and what was begun, are kept in ${begun.out}`;
      context.remedy = `${done}; continue with:\n  ${resumeCommand(context.args)}`;
    }
    throw error;
  }
}

/** Offers the jobs to workers. */
async function offering({ store, redis }: RunValues, { warn }: Context): Promise<Executor> {
  return storeExecutor(store === undefined ? undefined : await openStore(store), {
    onWarning: warn,
    ...(redis !== undefined && { queue: (sweep) => openJobQueue(redis, sweep) }),
  });
}

function workersNote({ store, redis }: RunValues, out: string): string {
  const place = redis === undefined ? ['--sweep', store ?? out] : ['--redis', redis];
  return `steadyframe: workers do the work: ${shellCommand(['worker', ...place])}`;
}

/** The sweep with settings of every point that flags ask for. */
function withTop(file: SweepFile, top: Readonly<Partial<Record<'steady' | 'metadata', boolean>>>): SweepFile {
  for (const name of Object.keys(top) as (keyof typeof top)[]) {
    if (!file.sweep.parameters[name]) continue;
    throw new UsageError(`${file.path}: parameters.${name} is given too; leave out --${top[name] ? '' : 'no-'}${name}`);
  }
  return { ...file, sweep: { ...file.sweep, ...top } };
}

function planJson(plan: SweepPlan, seconds: number | undefined): object {
  const { name, out, points, rungs } = plan;
  return {
    ...{ name, out },
    points: points.map(({ id, label, settings, passes, done }) => ({ point: id, label, done, passes, settings })),
    rungs,
    work: { ...workLeft(plan), ...given({ seconds }) },
  };
}

function planText(plan: SweepPlan, seconds: number | undefined): string {
  const { points, rungs, out } = plan;
  const work = workLeft(plan);
  const rows = points.map(({ label, passes, done }) => [label, done ? 'done' : 'to do', formatCount(passes)]);
  const trained = work.trainings > 0 ? `, training as much as ${formatCount(work.trainingPasses)}` : '';
  const stages = rungs.map(({ iterations, points: left }) => `${left} at ${formatCount(iterations)}`).join(', ');
  return [
    formatTable(['point', 'state', 'UNet passes'], rows),
    `\n${formatPlural(work.points, 'point')}, ${work.done} done\n`,
    `shared work left: ${formatPlural(work.encodings, 'encoding')} of frames, ${formatPlural(work.trainings, 'training')}\n`,
    `UNet passes left: rendering ${formatCount(work.renderPasses)}${trained}\n`,
    seconds === undefined ? '' : timeText(seconds, ', one job after the other'),
    rungs.length > 0 ? `finetunes judged at iterations: ${stages}; those that stop there need less\n` : '',
    `results go to ${out ?? 'a new folder under runs/'}\n`,
  ].join('');
}

function outcomeText(outcome: SweepOutcome): string {
  const { metric, varying, points, best, out } = outcome;
  const metrics = [...new Set([...(metric ? [metric.name] : []), ...SHOWN])];
  const isPlain = points.every(({ status }) => status === 'done');
  const rows = sortedPoints(outcome).map(({ settings, status, metrics: values, folder }) => [
    basename(folder),
    ...(isPlain ? [] : [status]),
    ...varying.map((name) => settingText(name, settings[name])),
    ...metrics.map((name) => formatNumber(values[name])),
  ]);
  const names = [...varying, ...metrics].map((name) => name.replaceAll('_', ' '));
  return [
    formatTable(['point', ...(isPlain ? [] : ['state']), ...names], rows),
    best && metric ? `\nbest ${metric.name.replaceAll('_', ' ')}: ${best.label}, ${best.folder}\n` : '\n',
    `all:  ${out}\n`,
  ].join('');
}
