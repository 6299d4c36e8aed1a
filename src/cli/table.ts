// Formats tables and numbers for people.

import { printableLine } from '../lib/base/printable.js';
import { formatSeconds } from '../lib/base/progress.js';

/** A table, columns two spaces apart: numbers aligned right, text aligned left. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((line) => line.map(printableLine));
  const columns = headings.map((_, column) => ({
    width: Math.max(...lines.map((line) => [...line[column]].length)),
    isNumeric: column > 0 && rows.every((row) => /^([\d.,]+(e[+-]?\d+)?|-|inf)?$/.test(row[column])),
  }));
  const format = (line: readonly string[]): string =>
    columns
      .map(({ width, isNumeric }, i) => (isNumeric ? line[i].padStart(width) : line[i].padEnd(width)))
      .join('  ')
      .trimEnd();
  return lines.map((line) => `${format(line)}\n`).join('');
}

/** A number with four significant digits; a dash for null and undefined. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === 0 || Math.abs(value) >= 1000) return String(Math.round(value));
  return value.toPrecision(4).replace(/e.*/, '') === value.toPrecision(4)
    ? value.toPrecision(4)
    : value.toExponential(2);
}

/** A whole number with thousands separators: `859,520,964`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A count with its noun: `1 frame`, `24 frames`. */
export function formatPlural(count: number, thing: string, things = `${thing}s`): string {
  return `${formatCount(count)} ${count === 1 ? thing : things}`;
}

/** A list of names and values, the values aligned. */
export function formatList(items: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...items.map(([name]) => name.length));
  return items.map(([name, value]) => `${name.padEnd(width)}  ${printableLine(value)}\n`).join('');
}

/** A timestep: whole, or with one decimal where a sampler has fractions. */
export function formatTimestep(timestep: number): string {
  return Number.isInteger(timestep) ? String(timestep) : timestep.toFixed(1);
}

/** The line of a plan that says how long all will take. */
export function timeText(seconds: number, how = ''): string {
  return `time: about ${formatSeconds(seconds)} on this machine${how}, measured on two frames\n`;
}
