// `steadyframe ui`: the dashboard, until it is interrupted.

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { variable } from '../lib/base/environment.js';
import { UsageError } from '../lib/base/errors.js';
import type { Context } from './context.js';
import { integer } from './values.js';

const EXAMPLES = `
The page is read-only. It answers whoever has the token, which is part of the address that is printed; programs send it as
"Authorization: Bearer TOKEN". It listens to this machine alone, unless --host says otherwise: with 0.0.0.0 the runs, and the
token, pass the network unencrypted. On another machine, forward its port instead: ssh -L 7007:127.0.0.1:7007 HOST.

Examples:
  steadyframe ui
  steadyframe ui --runs /data/runs --port 8080`;

interface UiValues {
  port?: number;
  host?: string;
  runs?: string;
  token?: string | boolean;
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
    .option('--token <text>', 'the token to ask for; STEADYFRAME_UI_TOKEN, or a new one each time, by default')
    .option('--no-token', 'ask for none: everyone who reaches the port, other users of this machine too, sees the runs')
    .addHelpText('after', EXAMPLES)
    .action((values: UiValues) => run(values, context));
}

async function run({ port, host = '127.0.0.1', runs, token }: UiValues, { terminal, warn }: Context): Promise<void> {
  if (port !== undefined && (port < 0 || port > 65535)) {
    throw new UsageError(`--port ${port} is no port; give a number up to 65535, or leave it out`);
  }
  const { startDashboard } = await import('../ui/start-dashboard.js');
  const { isLoopback } = await import('../ui/own-names.js');
  const { runsRoot } = await import('../lib/tracking/stored/run-record.js');
  const { signal, env } = terminal;
  const root = runs ?? runsRoot(env);
  if (!existsSync(root)) {
    const sentence = `there is no folder ${root}`;
    if (runs !== undefined)
      throw new UsageError(`--runs ${runs}: ${sentence}; name the folder that holds the experiments`);
    warn(`${sentence} yet; runs appear on the page once there are any (--runs names another folder)`);
  }
  if (!isLoopback(host)) {
    const who =
      token === false ? 'everyone who can reach this machine' : 'everyone who sees the address with its token';
    warn(`with --host ${host} ${who} can look at the runs, and nothing is encrypted`);
  }
  signal.throwIfAborted();
  const dashboard = await startDashboard({
    root,
    port,
    host,
    token: token === false ? false : typeof token === 'string' ? token : variable('STEADYFRAME_UI_TOKEN', env),
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
