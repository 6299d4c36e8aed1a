// @ts-check
// Texts of values in the table.

import { clockText, shortNumber } from './axis.js';

/** @typedef {import('./list-rows.js').Column} Column */

/** The title of a column: the last part of a long path; its tooltip has the rest. @param {Column} column */
export function columnTitle({ kind, key }) {
  const words = kind === 'attributes' || kind === 'tags' ? key : key.replace(/^(denoise|options|settings)\./, '');
  return words.replaceAll('_', ' ');
}

/** @param {string | number | null} value @param {Column | undefined} column */
export function cellText(value, column) {
  if (value === null) return '–';
  if (column?.kind === 'attributes' && /_time$/.test(column.key))
    return timeText(new Date(Number(value)).toISOString());
  if (typeof value === 'number') return shortNumber(value);
  return column?.kind === 'attributes' && column.key === 'commit' ? value.slice(0, 10) : value;
}

/** 2026-01-31 12:34 in local time. @param {string} iso */
export function timeText(iso) {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? '–' : time.toLocaleString('sv-SE').slice(0, 16);
}

/** @param {{ start: string, end?: string }} run */
export function durationText({ start, end }) {
  const seconds = ((end ? Date.parse(end) : Date.now()) - Date.parse(start)) / 1000;
  return Number.isFinite(seconds) ? clockText(seconds) : '–';
}
