// @ts-check
// Axes of charts in the browser: conversion of values to places and back.

import { linearTicks, logTicks } from './chart-math.js';

/**
 * `at` returns the place of a value from 0 to 1.
 *
 * @typedef {{ min: number, max: number, log: boolean, ticks: number[], at: (value: number) => number, of: (place: number) => number }} Axis
 */

/**
 * An axis from the least to the greatest value.
 *
 * @param {readonly number[]} values
 * @param {{ log: boolean, ticks: number }} options
 * @returns {Axis}
 */
export function axisOf(values, { log, ticks }) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0 : (Math.abs(high) || 1) / 2;
  if (!log) {
    const [min, max] = [low - room, high + room];
    return {
      ...{ min, max, log, ticks: linearTicks(min, max, ticks).values },
      at: (value) => (value - min) / (max - min),
      of: (place) => min + place * (max - min),
    };
  }
  const [from, to] = [Math.log10(low), Math.log10(high)];
  return {
    ...{ min: low, max: high, log, ticks: logTicks(from, to) },
    at: (value) => (value > 0 ? (Math.log10(value) - from) / (to - from) : Number.NaN),
    of: (place) => 10 ** (from + place * (to - from)),
  };
}

/** Numbers with as many digits as they need to differ, at least four. @param {readonly number[]} values */
export function tickTexts(values) {
  for (let digits = 4; ; digits++) {
    const texts = values.map((value) => shortNumber(value, digits));
    if (digits === 12 || new Set(texts).size === new Set(values).size) return texts;
  }
}

/** A number in a text. @param {number} value @param {number} [digits] significant ones */
export function shortNumber(value, digits = 4) {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e5 || size < 1e-3)
    return value
      .toExponential(digits - (size < 1e-3 ? 3 : 2))
      .replace('e+', 'e')
      .replace(/\.?0+e/, 'e')
      .replaceAll('-', '−');
  return String(Number(value.toPrecision(digits))).replace('-', '−');
}

/** A setting or a metric in a text. @param {string | number | undefined} value */
export function textOf(value) {
  return value === undefined ? '–' : typeof value === 'number' ? shortNumber(value) : shortened(value, 60);
}

/** The beginning of a text. @param {string} text @param {number} letters */
export function shortened(text, letters) {
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, Math.floor(letters) - 1))}…`;
}

/** Seconds as in the library's reports of progress: `8 s`, `1:05`, `2:03:09`. @param {number} seconds */
export function clockText(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const all = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].slice(whole < 3600 ? 1 : 0);
  return all.map((each, i) => String(each).padStart(i === 0 ? 1 : 2, '0')).join(':');
}
