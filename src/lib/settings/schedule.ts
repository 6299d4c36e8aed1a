// Settings that change with time: `0s: a city by day; 4s: a city at night`, `0s: 0.3; 4s: 0.6`. Times are seconds from the
// beginning of what is rendered. Before the first and after the last of them a setting stays; between two it moves linearly.

import { UsageError } from '../base/errors.js';
import type { OptionsOf } from './setting.js';
import type { RENDER } from './table.js';

/** A value at a time. */
export interface Key<T> {
  /** Seconds. */
  readonly time: number;
  readonly value: T;
}

/** The settings that may change with time. */
export type ScheduledSettings = OptionsOf<
  Pick<typeof RENDER, 'prompt' | 'negativePrompt' | 'strengthSchedule' | 'guidanceSchedule'>
>;

const TIME = String.raw`\d+(?:\.\d+)?\s*s\s*:`;
const BEGINS = new RegExp(`^\\s*${TIME}`);
const NEXT = new RegExp(`;\\s*(?=${TIME})`);

/**
 * The prompts of a text by time; one at 0 s where the text begins with no time, whatever colons it holds.
 *
 * @throws UsageError when the times do not ascend
 */
export function promptKeys(text: string): Key<string>[] {
  return BEGINS.test(text) ? keysOf('prompt', text) : [{ time: 0, value: text }];
}

/**
 * The numbers of a schedule by time.
 *
 * @param name the setting, for errors
 * @throws UsageError when it is no schedule, its times do not ascend, or a value is no number
 */
export function numberKeys(name: string, text: string): Key<number>[] {
  if (!BEGINS.test(text)) throw noSchedule(name, text);
  return keysOf(name, text).map(({ time, value }) => {
    const number = Number(value);
    if (value === '' || !Number.isFinite(number)) throw noSchedule(name, text);
    return { time, value: number };
  });
}

function noSchedule(name: string, text: string): UsageError {
  return new UsageError(`${name}: '${text}', expected numbers by time, such as '0s: 0.3; 4s: 0.6'`);
}

function keysOf(name: string, text: string): Key<string>[] {
  const keys = text.split(NEXT).map((part) => {
    const at = part.indexOf(':');
    return { time: Number.parseFloat(part.slice(0, at)), value: part.slice(at + 1).trim() };
  });
  const early = keys.find(({ time }, i) => i > 0 && time <= keys[i - 1].time);
  if (early) {
    throw new UsageError(`${name}: ${early.time}s comes after a later time or the same one; put the times in order`);
  }
  return keys;
}

/** The keys around a time, and how far it is from the first to the second, in [0, 1). */
export function around(keys: readonly Key<unknown>[], time: number): { from: number; to: number; share: number } {
  const after = keys.findIndex((key) => key.time > time);
  if (after === 0) return { from: 0, to: 0, share: 0 };
  if (after < 0) return { from: keys.length - 1, to: keys.length - 1, share: 0 };
  const [from, to] = [keys[after - 1].time, keys[after].time];
  return { from: after - 1, to: after, share: (time - from) / (to - from) };
}

/** The number at a time. */
export function numberAt(keys: readonly Key<number>[], time: number): number {
  const { from, to, share } = around(keys, time);
  return share === 0 ? keys[from].value : keys[from].value + share * (keys[to].value - keys[from].value);
}

/** Whether some setting changes with time. */
export function isScheduled({ prompt = '', negativePrompt = '', ...numbers }: ScheduledSettings): boolean {
  if (numbers.strengthSchedule !== undefined || numbers.guidanceSchedule !== undefined) return true;
  return [prompt, negativePrompt].some((text) => BEGINS.test(text));
}

function keysOrOne(name: string, schedule: string | undefined, value: number): Key<number>[] {
  return schedule === undefined ? [{ time: 0, value }] : numberKeys(name, schedule);
}

/** The strengths of a schedule by time, or of one strength at all times. */
export function strengthKeys({
  strength,
  strengthSchedule,
}: { readonly strength: number } & Pick<ScheduledSettings, 'strengthSchedule'>): Key<number>[] {
  return keysOrOne('strength schedule', strengthSchedule, strength);
}

/** The largest strength of a schedule, which executes the most steps. */
export function largestStrength(options: Parameters<typeof strengthKeys>[0]): number {
  return Math.max(...strengthKeys(options).map(({ value }) => value));
}

/** The guidance scales of a schedule by time, or of one scale at all times. */
export function guidanceKeys({
  guidanceScale,
  guidanceSchedule,
}: { readonly guidanceScale: number } & Pick<ScheduledSettings, 'guidanceSchedule'>): Key<number>[] {
  return keysOrOne('guidance schedule', guidanceSchedule, guidanceScale);
}

/**
 * The time of each of some rows of a batch.
 *
 * @throws UsageError when a setting changes with time and the times are not given
 */
export function timesOfRows(settings: ScheduledSettings, times: readonly number[] | undefined, rows: number): number[] {
  if (times !== undefined) return times.slice(0, rows);
  if (!isScheduled(settings)) return new Array<number>(rows).fill(0);
  throw new UsageError('a setting changes with time; give the times of the rows, in seconds');
}
