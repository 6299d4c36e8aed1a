#!/usr/bin/env node
// Entry point of the `steadyframe` command. It loads the rest dynamically, to report a failure to load.

import('./command-process.js').catch((error: NodeJS.ErrnoException) => {
  const few = error.code === 'EMFILE' || error.code === 'ENFILE';
  const reason = few
    ? `no more files may be opened (${error.code}); raise the limit (ulimit -n 1024), or close other programs, and run again`
    : `the installation is damaged: ${error.message}; install the package again`;
  process.stderr.write(`steadyframe: ${reason.replace(/\s*\n\s*/g, ' ')}\n`);
  process.exit(1);
});
