// The process of the `steadyframe` command: broken pipes, uncaught errors, exit codes. Commands are run by run.ts.

import { printable } from '../lib/base/printable.js';
import { describeError, runCli } from './run.js';
import { processTerminal } from './terminal.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader closed the pipe, as in `steadyframe info MODEL | head -1`.
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`steadyframe: the results could not be written (${error.code ?? error.message})\n`);
  process.exit(1);
});
process.stderr.on('error', () => {});
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    process.stderr.write(printable(`steadyframe: ${describeError(error)}\n`));
    process.exit(1);
  });
}

runCli(process.argv.slice(2), processTerminal()).then((code) => {
  process.exitCode = code;
});
