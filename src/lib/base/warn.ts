// Warnings: sentences about what works but should be known, and where they go unless the caller takes them.

import { printableLine } from './printable.js';

/** Takes one warning, a sentence. */
export type Warn = (message: string) => void;

/** A warning as the library and the command print it, without the line break. */
export function warningLine(message: string): string {
  return `steadyframe: warning: ${printableLine(message)}`;
}

/** The default of every `onWarning`: one line on standard error. */
export const warnOnStderr: Warn = (message) => {
  process.stderr.write(`${warningLine(message)}\n`);
};
