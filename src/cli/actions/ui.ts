// `steadyframe ui`: serves the dashboard until it is interrupted.

import { existsSync } from 'node:fs';
import { variable } from '../../lib/base/environment.js';
import { UsageError } from '../../lib/base/errors.js';
import { isLoopback } from '../../lib/base/host-names.js';
import { openStore } from '../../lib/sweeps/store/open-store.js';
import { assertReachable } from '../../lib/sweeps/store/reach-sweep.js';
import { sweepWatcher } from '../../lib/sweeps/store/sweep-status.js';
import { runsRoot } from '../../lib/tracking/stored/run-record.js';
import { startDashboard } from '../../ui/start-dashboard.js';
import type { UiValues } from '../commands/ui.js';
import type { Context } from '../context.js';

export async function run(
  { terminal, warn }: Context,
  { port, host = '127.0.0.1', runs, sweep, token }: UiValues,
): Promise<void> {
  if (port !== undefined && (port < 0 || port > 65535)) {
    throw new UsageError(`--port ${port} is no port; give a number up to 65535, or leave it out`);
  }
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
  const store = sweep === undefined ? undefined : await openStore(sweep);
  if (store) await assertReachable(store);
  signal.throwIfAborted();
  const dashboard = await startDashboard({
    root,
    port,
    host,
    sweep: store && { place: store.name, status: sweepWatcher(store) },
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
