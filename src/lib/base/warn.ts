// Warnings: sentences about unusual conditions that are no errors, and their default destination.

import { printableLine } from './printable.js';

/**
 * Receives a warning, which is one sentence.
 *
 * @inline
 */
export type Warn = (message: string) => void;

/** The printed form of a warning, without the line break. */
export function warningLine(message: string): string {
  return `steadyframe: warning: ${printableLine(message)}`;
}

/**
 * The default of every `onWarning`: one line on standard error. In a notebook that would be a pink box, which reads as a
 * failure; there it is printed as other text is.
 */
export const warnOnStderr: Warn = (message) => {
  if ('__tslab__' in globalThis) console.log(warningLine(message));
  else process.stderr.write(`${warningLine(message)}\n`);
};
