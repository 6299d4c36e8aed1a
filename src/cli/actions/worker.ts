// `steadyframe worker`: does jobs of a sweep that several machines share, or prints how far it is.

import { join, resolve } from 'node:path';
import { variable } from '../../lib/base/environment.js';
import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { cacheFolder } from '../../lib/engine/onnx/weight-files.js';
import { openStore } from '../../lib/sweeps/store/open-store.js';
import { assertReachable } from '../../lib/sweeps/store/reach-sweep.js';
import { type SweepStatus, sweepWatcher } from '../../lib/sweeps/store/sweep-status.js';
import { workOn, workOnQueue } from '../../lib/sweeps/store/worker.js';
import type { WorkerOptions } from '../../lib/sweeps/store/worker-slots.js';
import type { WorkerValues } from '../commands/worker.js';
import type { Context } from '../context.js';
import { formatNumber, formatPlural, formatTable } from '../table.js';

export async function run(context: Context, values: WorkerValues): Promise<void> {
  if (values.quiet) context.quieten();
  const { terminal, reporter } = context;
  const { sweep, redis, slots, lease, idle, cache } = values;
  if (sweep === undefined && redis === undefined) {
    throw new UsageError('--sweep or --redis is missing; name the folder of a sweep, a bucket, or a queue');
  }
  if (!(lease >= 1)) throw new UsageError(`--lease ${lease} is too short; give a number of seconds from 1`);
  if (idle !== undefined && !(idle >= 0)) throw new UsageError(`--idle ${idle} is no time; give seconds, 0 or more`);
  const store = sweep === undefined ? undefined : await openStore(sweep);
  if (values.dryRun) {
    if (!store) throw new UsageError('--dry-run needs --sweep; the queue does not know how far a sweep is');
    await assertReachable(store);
    const status = await sweepWatcher(store)();
    if (!status)
      throw new UsageError(`--sweep ${sweep}: no work is offered there; start a sweep with --executor workers`);
    terminal.out(values.json ? `${JSON.stringify(status, null, 1)}\n` : statusText(status));
    return;
  }
  const options: WorkerOptions = {
    cache: cache === undefined ? join(cacheFolder(), 'worker') : resolve(cache),
    ...{ slots, lease, idle, signal: terminal.signal, onWarning: context.warn },
    ...given({ cards: variable('CUDA_VISIBLE_DEVICES', terminal.env)?.split(',') }),
    onWait: (reason) => reporter.note(`steadyframe: ${reason} (waits for it)`),
    onBegin: ({ label }) => reporter.note(`steadyframe: begins ${label}`),
    onEnd({ label }, performed) {
      if (performed.status === 'failed') reporter.note(`steadyframe: ${label} failed: ${performed.reason}`);
      else reporter.note(`steadyframe: ${label}: ${ENDS[performed.status]}`);
    },
  };
  const done = redis === undefined ? await workOn(store!, options) : await workOnQueue(redis, store, options);
  terminal.out(values.json ? `${JSON.stringify({ jobs: done })}\n` : `${formatPlural(done, 'job')} done\n`);
}

const ENDS = {
  done: 'done',
  found: 'was done already',
  lost: 'another worker has taken it',
  stopped: 'left to others',
};

function statusText({ name, state, points, running, failed, machines, left }: SweepStatus): string {
  const rows = machines.map(({ machine, points: done, perHour, running: now }) => {
    return [machine, String(done), formatNumber(perHour), String(now)];
  });
  return [
    `${name}: ${points.done} of ${formatPlural(points.total, 'point')} done, ${points.failed} failed, ${STATES[state]}\n`,
    rows.length > 0 ? `\n${formatTable(['machine', 'points', 'an hour of work', 'jobs now'], rows)}` : '',
    ...running.map(({ label, machine, seconds, fraction }) => {
      return `${label}: ${machine}, for ${Math.round(seconds)} s, ${Math.floor(100 * fraction)} %\n`;
    }),
    ...failed.map(({ label, machine, reason }) => `${label} failed on ${machine}: ${reason}\n`),
    left === undefined || state === 'ended' ? '' : `about ${Math.ceil(left)} s left\n`,
  ].join('');
}

const STATES = {
  open: 'work is offered',
  held: 'no work is given out until the sweep is resumed',
  ended: 'ended',
};
