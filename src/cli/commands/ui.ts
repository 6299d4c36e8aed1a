// The flags and help of `steadyframe ui`.

import type { Command } from 'commander';
import { integer } from '../values.js';

const EXAMPLES = `
The page is read-only. It answers whoever has the token, which is part of the address that is printed; programs send it as
"Authorization: Bearer TOKEN". It listens to this machine alone, unless --host says otherwise: with 0.0.0.0 the runs, and the
token, pass the network unencrypted. On another machine, forward its port instead: ssh -L 7007:127.0.0.1:7007 HOST.

Examples:
  steadyframe ui
  steadyframe ui --runs /data/runs --port 8080
  steadyframe ui --sweep s3://bucket/night`;

/** Values of the options. */
export interface UiValues {
  port?: number;
  host?: string;
  runs?: string;
  sweep?: string;
  token?: string | boolean;
}

/** Adds the command to the program. */
export function addUi(program: Command): Command {
  return program
    .command('ui')
    .summary('show runs in the browser')
    .description('Serves a page over the runs: a table to filter and sort, and a view that compares chosen runs.')
    .option('-p, --port <n>', 'port to listen on; by default 7007, or the next one that is free', integer)
    .option('--host <address>', 'address to listen on; by default 127.0.0.1')
    .option('--runs <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default')
    .option('--sweep <dir>', 'a sweep that workers do: its folder, or s3://BUCKET/PREFIX; how far it is has a page')
    .option('--token <text>', 'the token to ask for; STEADYFRAME_UI_TOKEN, or a new one each time, by default')
    .option('--no-token', 'ask for none: everyone who reaches the port, other users of this machine too, sees the runs')
    .addHelpText('after', EXAMPLES);
}
