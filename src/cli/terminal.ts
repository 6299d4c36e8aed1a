// What a command talks to: where results and messages go, and how it is told to stop. Tests bring their own.

import { createInterface } from 'node:readline/promises';
import { printable } from '../lib/base/printable.js';

/** The outside of a command. */
export interface Terminal {
  /** Takes results. */
  readonly out: (text: string) => void;
  /** Takes messages and progress. */
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user wants the command to stop. */
  readonly signal: AbortSignal;
  /** Asks for a line; absent where nobody is there to answer. No more input is an empty line. */
  readonly ask?: (question: string) => Promise<string>;
}

/** A terminal that gets texts of others with nothing in them that commands it. What it rewrites itself goes to the one behind. */
export function printableTerminal(terminal: Terminal): Terminal {
  const { err, ask } = terminal;
  return {
    ...terminal,
    out: (text) => terminal.out(printable(text)),
    err: {
      write: (text) => err.write(printable(text)),
      ...(err.isTTY !== undefined && { isTTY: err.isTTY }),
      get columns() {
        return err.columns;
      },
    },
    ...(ask && { ask: (question: string) => ask(printable(question)) }),
  };
}

/** The reason that the process's own signal has: which signal came. */
export class Interrupted extends Error {
  override name = 'Interrupted';

  constructor(
    /** Exit code that shells expect: 128 plus the signal's number. */
    readonly exitCode: number,
  ) {
    super('interrupted');
  }
}

/**
 * The process as a terminal. The first Ctrl-C (or SIGTERM) asks the command to stop after the current step, a second one ends
 * the process at once.
 */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  const stopOn = (signal: NodeJS.Signals, exitCode: number): void => {
    const stop = (): void => {
      // Without a listener the next one is the system's to handle, even while native code runs.
      process.off(signal, stop);
      process.stderr.write('\nsteadyframe: stopping after the current step; once more stops at once\n');
      controller.abort(new Interrupted(exitCode));
    };
    process.on(signal, stop);
  };
  stopOn('SIGINT', 130);
  stopOn('SIGTERM', 143);
  return {
    out: (text) => process.stdout.write(text),
    err: process.stderr,
    env: process.env,
    signal: controller.signal,
    ...(process.stdin.isTTY && process.stderr.isTTY && { ask: (question) => askForLine(question, controller.signal) }),
  };
}

async function askForLine(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // While a line is edited, Ctrl-C comes as a key.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const end = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question, { signal }), end]);
  } finally {
    lines.close();
  }
}
