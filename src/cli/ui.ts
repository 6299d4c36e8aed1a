// `steadyframe ui`: the dashboard, until it is interrupted.

import type { Command } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import type { Context } from './context.js';
import { integer } from './values.js';

const EXAMPLES = `
The page is read-only and answers this machine alone, unless --host says otherwise: 0.0.0.0 shows the runs to everyone who can
reach this machine, without a password. On another machine, forward its port instead: ssh -L 7007:127.0.0.1:7007 HOST.

Examples:
  steadyframe ui
  steadyframe ui --runs /data/runs --port 8080`;

interface UiValues {
  port?: number;
  host?: string;
  runs?: string;
}

/** Adds the command to the program. */
export function addUi(program: Command, context: Context): void {
  program
    .command('ui')
    .summary('show runs in the browser')
    .description('Serves a page over the runs: a table to filter and sort, and a view that compares chosen runs.')
    .option('-p, --port <n>', 'port to listen on; by default 7007, or the next one that is free', integer)
    .option('--host <address>', 'address to listen on; by default 127.0.0.1')
    .option('--runs <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default')
    .addHelpText('after', EXAMPLES)
    .action((values: UiValues) => run(values, context));
}

async function run({ port, host, runs }: UiValues, { terminal, warn }: Context): Promise<void> {
  if (port !== undefined && (port < 0 || port > 65535)) {
    throw new UsageError(`--port ${port} is no port; give a number up to 65535, or leave it out`);
  }
  const { startDashboard } = await import('../ui/start-dashboard.js');
  const { runsRoot } = await import('../lib/tracking/run-record.js');
  const { signal } = terminal;
  signal.throwIfAborted();
  const dashboard = await startDashboard({
    root: runs ?? runsRoot(terminal.env),
    port,
    host,
    onError: (error) => warn(`a page could not be answered: ${error instanceof Error ? error.message : error}`),
  });
  terminal.out(`${dashboard.url}\n`);
  terminal.err.write(`steadyframe: showing ${dashboard.root}; Ctrl-C ends it\n`);
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await dashboard.close();
  }
}
