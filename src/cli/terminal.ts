// A command's input and output: results, messages, environment, questions and the signal to stop. Tests provide their own.

import { createInterface } from 'node:readline/promises';
import { printable } from '../lib/base/printable.js';

/** A command's input and output. */
export interface Terminal {
  /** Prints results. */
  readonly out: (text: string) => void;
  /** Prints messages and progress. */
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal;
  /** Asks for a line, empty at the end of input; absent where the terminal is not interactive. */
  readonly ask?: (question: string) => Promise<string>;
}

/** A terminal that replaces control characters in texts before it passes them on. */
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

/** The abort reason after SIGINT or SIGTERM. */
export class Interrupted extends Error {
  override name = 'Interrupted';

  constructor(
    /** 128 plus the signal's number, as shells expect. */
    readonly exitCode: number,
  ) {
    super('interrupted');
  }
}

/**
 * The terminal of this process. The first Ctrl-C (or SIGTERM) stops the command after the current step, the second one ends
 * the process at once.
 */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  const stopOn = (signal: NodeJS.Signals, exitCode: number): void => {
    const stop = (): void => {
      // Without a listener, the system handles the next signal, even while native code runs.
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
  // readline receives Ctrl-C as a key while a line is edited.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const end = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question, { signal }), end]);
  } finally {
    lines.close();
  }
}
