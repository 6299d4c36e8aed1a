// Executes jobs in child processes, so that a crash affects only one job. A worker executes jobs one after another,
// preferably those with the model that it has open.

import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { assertInteger } from '../../base/assert.js';
import type { Closable } from '../../base/closable.js';
import { childEnvironment, type Environment } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { onAbort } from '../../base/on-abort.js';
import { packageFile } from '../../base/package-file.js';
import type { Executor, JobHooks } from './executor.js';
import type { Job } from './job.js';
import type { Order, Report } from './worker-messages.js';

/** Options of starting workers. */
export interface ProcessExecutorOptions {
  /** Number of workers; 1 by default. They share the CPU's cores. */
  readonly workers?: number;
  /** The program of a worker; by default the built one of this package. */
  readonly program?: string;
  /** Threads of a model in a worker; by default the cores shared out among the workers. */
  readonly threads?: number;
  /** Variables that workers have beside those of this process. */
  readonly env?: Environment;
}

interface Worker {
  readonly child: ChildProcess;
  /** The model that it has open. */
  model: string;
  isBusy: boolean;
  /** The end of its output, which has the cause of a crash. */
  printed: string;
}

/** Milliseconds for workers to close their sessions. */
const FAREWELL = 3000;

/**
 * Starts workers on demand; `await using` ends them.
 *
 * @throws UsageError for an invalid number of workers
 */
export function processExecutor(options: ProcessExecutorOptions = {}): Executor & Closable {
  const { workers: slots = 1, program, env = {} } = options;
  assertInteger('workers: the number', slots, 1);
  const script = program ?? packageFile('dist/lib/sweeps/jobs/worker.js');
  const shared = slots === 1 ? undefined : Math.max(1, Math.floor(availableParallelism() / slots));
  const threads = options.threads ?? shared;
  const workers = new Set<Worker>();

  const start = (): Worker => {
    const execArgv = process.execArgv.filter((flag) => !flag.startsWith('--inspect'));
    const child = fork(script, [], {
      ...{ execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
      env: childEnvironment(env),
    });
    const worker: Worker = { child, model: '', isBusy: false, printed: '' };
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      worker.printed = (worker.printed + text).slice(-2000);
    });
    const forget = (): unknown => workers.delete(worker);
    child.once('exit', forget).once('error', forget);
    workers.add(worker);
    return worker;
  };
  const choose = (model: string): Worker => {
    const idle = [...workers].filter((worker) => !worker.isBusy && worker.child.connected);
    const fitting = idle.find((worker) => worker.model === model);
    return fitting ?? (workers.size < slots ? start() : (idle[0] ?? start()));
  };

  const executor: Executor & Closable = {
    slots,
    async run(job, hooks) {
      const worker = choose(job.model);
      worker.isBusy = true;
      worker.model = job.model;
      try {
        await done(worker, { type: 'do', job, ...(threads !== undefined && { threads }) }, hooks);
      } finally {
        worker.isBusy = false;
      }
    },
    async close() {
      await Promise.all([...workers].map(({ child }) => ended(child)));
    },
    [Symbol.asyncDispose]: () => executor.close(),
  };
  return executor;
}

/** Sends a job to a worker and waits for its end. */
function done(worker: Worker, order: Extract<Order, { type: 'do' }>, hooks: JobHooks): Promise<void> {
  const { child } = worker;
  const { signal, onProgress, onWarning, onMetrics } = hooks;
  const stop = (): void => {
    if (child.connected) child.send({ type: 'stop' } satisfies Order);
  };
  return new Promise<void>((resolve, reject) => {
    const listen = (report: Report): void => {
      if (report.type === 'progress') onProgress?.(report.progress);
      else if (report.type === 'warning') onWarning?.(report.message);
      else if (report.type === 'metrics') onMetrics?.(report.step, report.metrics);
      else if (report.type === 'done') settle();
      else settle(report.kind === 'stopped' && signal?.aborted ? signal.reason : failed(report));
    };
    const crashed = (code: number | null, by: string | null): void =>
      settle(signal?.aborted ? signal.reason : crash(order.job, worker, by ?? `exit code ${code}`));
    const broken = (error: Error): void => settle(new FailureError(`a worker cannot be reached: ${error.message}`));
    const settle = (error?: unknown): void => {
      child.off('message', listen).off('exit', crashed).off('error', broken);
      forget();
      if (error === undefined) resolve();
      else reject(error);
    };
    child.on('message', listen).on('exit', crashed).on('error', broken);
    const forget = onAbort(signal, stop);
    if (signal?.aborted) settle(signal.reason);
    else child.send(order, (error) => error && broken(error));
  });
}

function failed({ kind, message }: Extract<Report, { type: 'failed' }>): Error {
  if (kind === 'usage') return new UsageError(message);
  return new FailureError(kind === 'unexpected' ? `unexpected error: ${message}` : message);
}

function crash(job: Job, { child, printed }: Worker, how: string): FailureError {
  const last = printed.trim().split('\n').at(-1)?.trim();
  const memory = how === 'SIGKILL' ? ' (often the system is out of memory; try fewer workers)' : '';
  return new FailureError(
    `the worker ${child.pid} of ${job.label} ended with ${how}${memory}${last ? `: ${last}` : ''}`,
  );
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), FAREWELL);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.send({ type: 'end' } satisfies Order, (error) => error && child.kill('SIGKILL'));
  });
}
