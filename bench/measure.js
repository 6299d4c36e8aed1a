// @ts-check
// What the benchmarks share: medians, spreads, memory.

import { existsSync, readFileSync } from 'node:fs';

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {readonly number[]} values @param {number} digits */
export function spread(values, digits) {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

/** The most memory that this process has held, in GB; from /proc, so on Linux only. */
export function peakMemory() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return (Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 2 ** 20).toFixed(2);
}
