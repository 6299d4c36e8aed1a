// How far long work has come: what it reports, the estimate of the time left, and a reporter that prints both.

import { type Environment, variable } from './environment.js';
import { printable, printableLine } from './printable.js';

/** One report of progress. */
export interface Progress {
  /** Units finished, out of `total`. */
  readonly done: number;
  readonly total: number;
  /** What is going on, in a word or two: `frames`, `strength 0.45`. */
  readonly label: string;
  /** The main phase of a job, whose `done` and `total` measure the whole job; absent in its short phases. */
  readonly phase?: 'denoising' | 'training';
  /** Seconds until `done` reaches `total`, where the work knows; a reporter estimates it otherwise. */
  readonly secondsLeft?: number;
  /** What else there is to say now, after the numbers: `loss 0.123`. */
  readonly detail?: string;
}

/** The callback that long-running functions take. */
export type OnProgress = (progress: Progress) => void;

/**
 * An estimator of the seconds left: call it with the units done whenever that changes. It looks at the pace of the last
 * 20 reports, so that neither a slow start nor units that a resumed run already had distort it for long.
 *
 * @param total units in all
 * @param now the clock, in milliseconds
 * @returns seconds left, or undefined until a pace is known
 */
export function createEstimator(
  total: number,
  now: () => number = () => performance.now(),
): (done: number) => number | undefined {
  const recent: { done: number; time: number }[] = [];
  return (done) => {
    const last = recent.at(-1);
    if (last === undefined || done > last.done) recent.push({ done, time: now() });
    if (recent.length > 20) recent.shift();
    if (done >= total) return 0;
    const first = recent[0];
    const newest = recent[recent.length - 1];
    if (newest.done === first.done) return undefined;
    const secondsPerUnit = (newest.time - first.time) / 1000 / (newest.done - first.done);
    return Math.max(0, secondsPerUnit * (total - newest.done) - (now() - newest.time) / 1000);
  };
}

/** Seconds as people read them: `8 s`, `1:05`, `2:03:09`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Where and how a reporter prints. */
export interface ProgressReporterOptions {
  /** Prints nothing at all. */
  readonly silent?: boolean;
  /** Standard error unless given. */
  readonly stream?: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Milliseconds between two prints: 100 on a terminal, 5000 elsewhere. The first and the last report always print. */
  readonly interval?: number;
  /** The environment, for NO_COLOR and TERM. */
  readonly env?: Environment;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** Prints progress as it comes. */
export interface ProgressReporter {
  /** The callback to hand to long-running functions; needs no `this`. */
  readonly report: OnProgress;
  /** Prints a line of its own, above the progress line: a warning, a finished file. */
  readonly note: (line: string) => void;
  /** Ends the progress line; call it when the work is over, failed or not. */
  readonly close: () => void;
}

/**
 * A reporter of progress on standard error: one line that is rewritten in place on a terminal, plain lines now and then
 * where output goes to a file or the terminal is `dumb`. Colour only on a terminal, and never with NO_COLOR set.
 */
export function createProgressReporter(options: ProgressReporterOptions = {}): ProgressReporter {
  const { silent = false, stream = process.stderr, env, now = () => performance.now() } = options;
  const rewrites = stream.isTTY === true && variable('TERM', env) !== 'dumb';
  const colour = rewrites && !variable('NO_COLOR', env);
  const interval = options.interval ?? (rewrites ? 100 : 5000);
  let current:
    | { label: string; total: number; done: number; estimate: (done: number) => number | undefined }
    | undefined;
  let printedAt = -Infinity;
  let open = false;

  const endLine = () => {
    if (open) stream.write('\n');
    open = false;
  };
  const write = (progress: Progress, secondsLeft: number | undefined) => {
    const text = progressLine(progress, secondsLeft, rewrites);
    if (!rewrites) {
      stream.write(`${text}\n`);
      return;
    }
    // A line as wide as the terminal would wrap, and the next one could not overwrite it.
    const fitting = text.slice(0, Math.max(1, (stream.columns ?? 80) - 1));
    const painted = colour ? fitting.replace(/[█░]+/, (bar) => `\x1b[36m${bar}\x1b[39m`) : fitting;
    stream.write(`\r\x1b[2K${painted}`);
    open = true;
  };

  return {
    report(progress) {
      if (silent) return;
      const { done, total, label } = progress;
      const last = current;
      const isNew = last === undefined || last.label !== label || last.total !== total || done < last.done;
      if (isNew) endLine();
      else if (last.done >= total) return;
      current = isNew ? { label, total, done, estimate: createEstimator(total, now) } : { ...last, done };
      const estimated = current.estimate(done);
      const secondsLeft = progress.secondsLeft ?? estimated;
      if (!isNew && done < total && now() - printedAt < interval) return;
      printedAt = now();
      write(progress, secondsLeft);
      if (done >= total) endLine();
    },
    note(line) {
      if (silent) return;
      if (open) stream.write('\r\x1b[2K');
      open = false;
      stream.write(`${printable(line)}\n`);
      printedAt = -Infinity;
    },
    close: () => endLine(),
  };
}

function progressLine(progress: Progress, secondsLeft: number | undefined, bar: boolean): string {
  const { done, total, label, detail } = progress;
  const part = total > 0 ? Math.min(1, done / total) : 1;
  const width = 24;
  const filled = Math.floor(part * width);
  const pieces = [label, `${done}/${total}`, `${Math.floor(part * 100)} %`];
  if (bar) pieces.splice(1, 0, '█'.repeat(filled) + '░'.repeat(width - filled));
  if (secondsLeft !== undefined && done < total) pieces.push(`${formatSeconds(secondsLeft)} left`);
  if (detail) pieces.push(detail);
  return printableLine(pieces.join('  '));
}
