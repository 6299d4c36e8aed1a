// What all commands share while they run: messages, progress, and what to say when they fail.

import { createProgressReporter, type ProgressReporter } from '../lib/base/progress.js';
import { warningLine } from '../lib/base/warn.js';
import { printableTerminal, type Terminal } from './terminal.js';

/** The state of one run of the command. */
export interface Context {
  /** The arguments as given. */
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly reporter: ProgressReporter;
  /** Switches progress off. */
  quieten(): void;
  /** Prints a warning, once however often it comes. */
  readonly warn: (message: string) => void;
  /** Printed after the sentence about a failure. */
  remedy?: string;
}

/** The state at the start. */
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

/** The command that continues the work that was begun, for a shell. */
export function resumeCommand(args: readonly string[]): string {
  return shellCommand(args.includes('--resume') ? args : [...args, '--resume']);
}

/** `steadyframe` with arguments, for a shell. */
export function shellCommand(args: readonly string[]): string {
  return ['steadyframe', ...args.map(quote)].join(' ');
}

/** A word as a shell takes it. */
export function quote(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
