// @ts-check
// A process that reads damaged files, one after the other, and tells how each reading ended.

import { basename } from 'node:path';
import { KINDS } from './kinds.js';

/** @typedef {{ ended: 'read' | 'refused' | 'foreign', message?: string, rss: number, peak: number }} Told `rss` and `peak` in bytes */

console.warn = () => {};
process.on('uncaughtException', (error) => tell({ ended: 'foreign', message: `uncaught: ${error.stack}` }));
process.on('unhandledRejection', (error) =>
  tell({ ended: 'foreign', message: `unhandled: ${/** @type {Error} */ (error)?.stack}` }),
);

process.on('message', async (/** @type {{ kind: string, folder: string, file: string }} */ { kind, folder, file }) => {
  try {
    await KINDS[kind].read(folder, file);
    // What is rejected late belongs to this input too.
    await new Promise((next) => setImmediate(next));
    tell({ ended: 'read' });
  } catch (error) {
    tell(ending(/** @type {Error} */ (error), file));
  }
});

/** @param {Error} error @param {string} file @returns {Pick<Told, 'ended' | 'message'>} */
function ending(error, file) {
  const ours = kindsOf(error).some((name) => name === 'UsageError' || name === 'FailureError');
  if (!ours) return { ended: 'foreign', message: String(error?.stack ?? error) };
  const { message } = error;
  if (isSentence(message, file)) return { ended: 'refused', message };
  return { ended: 'foreign', message: `not one sentence: ${message.slice(0, 4000)}` };
}

/** The names of an error's class and those above it. @param {object | null} error @returns {string[]} */
function kindsOf(error) {
  const above = error === null || typeof error !== 'object' ? null : Object.getPrototypeOf(error);
  return above === null ? [] : [above.constructor?.name, ...kindsOf(above)];
}

/** A message of one line; of several only where each names the file, which then has several faults. @param {string} message @param {string} file */
function isSentence(message, file) {
  const lines = message.split('\n');
  return lines.every(
    (line) => line.length > 0 && line.length < 2000 && (lines.length === 1 || line.includes(basename(file))),
  );
}

/** @param {Pick<Told, 'ended' | 'message'>} what */
function tell(what) {
  process.send?.({ ...what, rss: process.memoryUsage.rss(), peak: 1024 * process.resourceUsage().maxRSS });
}

process.on('disconnect', () => process.exit());
process.send?.('ready');
