// @ts-check
// Axes of charts in the browser: conversion of values to places and back.

import { linearTicks, logTicks } from './chart-math.js';

/**
 * `at` returns the place of a value from 0 to 1.
 *
 * @typedef {{ min: number, max: number, log: boolean, ticks: number[], at: (value: number) => number, of: (place: number) => number }} Axis
 */

/**
 * An axis that contains the values, with a small margin.
 *
 * @param {Iterable<number>} values
 * @param {{ log?: boolean, fromZero?: boolean, exact?: boolean, ticks?: number }} [options]
 * @returns {Axis}
 */
export function axisOf(values, { log = false, fromZero = false, exact = false, ticks = 5 } = {}) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = log ? [0.1, 1] : [0, 1];
  return log ? logAxis(low, high, exact) : linearAxis(low, high, { fromZero, exact, ticks });
}

/** @param {number} low @param {number} high @param {{ fromZero: boolean, exact: boolean, ticks: number }} options @returns {Axis} */
function linearAxis(low, high, { fromZero, exact, ticks }) {
  const startsAtZero = fromZero && low >= 0;
  const bottom = startsAtZero ? 0 : low;
  const room = exact && high > bottom ? 0 : (high - bottom || Math.abs(high) || 1) * (high > bottom ? 0.05 : 0.5);
  const min = startsAtZero ? 0 : bottom - room;
  const max = high + room;
  return {
    ...{ min, max, log: false, ticks: linearTicks(min, max, ticks).values },
    at: (value) => (value - min) / (max - min),
    of: (place) => min + place * (max - min),
  };
}

/** @param {number} low @param {number} high @param {boolean} exact @returns {Axis} */
function logAxis(low, high, exact) {
  const room = exact && high > low ? 0 : Math.max(0.03, (Math.log10(high) - Math.log10(low)) * 0.05);
  const [from, to] = [Math.log10(low) - room, Math.log10(high) + room];
  return {
    ...{ min: 10 ** from, max: 10 ** to, log: true, ticks: logTicks(from, to) },
    at: (value) => (value > 0 ? (Math.log10(value) - from) / (to - from) : Number.NaN),
    of: (place) => 10 ** (from + place * (to - from)),
  };
}

/** A number for an axis or a tooltip. @param {number} value */
export function shortNumber(value) {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e5 || size < 1e-3)
    return value
      .toExponential(Math.abs(value) < 1e-3 ? 1 : 2)
      .replace('e+', 'e')
      .replace(/\.?0+e/, 'e')
      .replaceAll('-', '−');
  return String(Number(value.toPrecision(4))).replace('-', '−');
}
