// The program of a worker process: executes jobs one at a time, and ends with the process that started it.

import { FailureError, UsageError } from '../../base/errors.js';
import { createWorkbench, type Workbench } from './workbench.js';
import type { Order, Report } from './worker-messages.js';

const send = (report: Report): void => {
  if (process.connected) process.send!(report);
};

let bench: Workbench | undefined;
let stopping: AbortController | undefined;

process.on('message', (order: Order) => {
  if (order.type === 'stop') stopping?.abort(new Error('stopped'));
  else if (order.type === 'end') void end();
  else void work(order);
});

// There is no process for the results; a resumed sweep continues unfinished work.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// Ctrl-C reaches every process of the terminal; the sweep stops its workers itself.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stopping?.abort(new Error('stopped')));

async function work({ job, threads }: Extract<Order, { type: 'do' }>): Promise<void> {
  stopping = new AbortController();
  const { signal } = stopping;
  bench ??= createWorkbench(threads === undefined ? {} : { threads });
  try {
    await bench.do(job, {
      signal,
      onProgress: (progress) => send({ type: 'progress', progress }),
      onWarning: (message) => send({ type: 'warning', message }),
      onMetrics: (step, metrics) => send({ type: 'metrics', step, metrics }),
    });
    send({ type: 'done' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const ours = error instanceof UsageError ? 'usage' : error instanceof FailureError ? 'failure' : 'unexpected';
    send({ type: 'failed', kind: signal.aborted ? 'stopped' : ours, message });
  }
}

async function end(): Promise<void> {
  await bench?.dispose();
  process.exit(0);
}
