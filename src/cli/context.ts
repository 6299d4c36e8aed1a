// The state that all commands share while they run: messages, progress, and the advice after a failure.

import { createProgressReporter, type ProgressReporter } from '../lib/base/progress.js';
import { warningLine } from '../lib/base/warn.js';
import { printableTerminal, type Terminal } from './terminal.js';

/** The state of one run of the command. */
export interface Context {
  /** The command-line arguments; those of the command that another one stands for, once it runs. */
  args: readonly string[];
  readonly terminal: Terminal;
  readonly reporter: ProgressReporter;
  /** Turns progress off. */
  quieten(): void;
  /** Prints a warning; repeated ones are printed once. */
  readonly warn: (message: string) => void;
  /** Advice, printed after the error message. */
  remedy?: string;
}

/** Creates the state of a run. */
export function createContext(args: readonly string[], terminal: Terminal): Context {
  const seen = new Set<string>();
  let reporter = createProgressReporter({ stream: terminal.err, env: terminal.env });
  let quiet = false;
  return {
    args,
    terminal: printableTerminal(terminal),
    get reporter() {
      return reporter;
    },
    quieten() {
      quiet = true;
      reporter = createProgressReporter({ silent: true });
    },
    warn(message) {
      if (seen.has(message)) return;
      seen.add(message);
      const line = warningLine(message);
      if (quiet) terminal.err.write(`${line}\n`);
      else reporter.note(line);
    },
  };
}

/** The shell command that continues an interrupted run. */
export function resumeCommand(args: readonly string[]): string {
  return shellCommand(args.includes('--resume') ? args : [...args, '--resume']);
}

/** `steadyframe` with arguments, quoted for a shell. */
export function shellCommand(args: readonly string[]): string {
  return ['steadyframe', ...args.map(quote)].join(' ');
}

/** A word, quoted for a shell where necessary. */
export function quote(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
