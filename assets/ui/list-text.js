// @ts-check
// Texts of values in the table.

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
  if (typeof value === 'number') return numberText(value);
  return column?.kind === 'attributes' && column.key === 'commit' ? value.slice(0, 10) : value;
}

/** A number with four significant digits, or another number of them. @param {number} value @param {number} [digits] */
export function numberText(value, digits = 4) {
  const size = Math.abs(value);
  if (size >= 100_000) return value.toExponential(2).replace('e+', 'e');
  if (size >= 1000) return String(Math.round(value));
  if (size > 0 && size < 1e-3)
    return value
      .toExponential(Math.min(2, digits - 1))
      .replace('-', '−')
      .replace('e-', 'e−');
  return String(Number(value.toPrecision(digits))).replace('-', '−');
}

/** 2026-01-31 12:34 in local time. @param {string} iso */
export function timeText(iso) {
  const time = new Date(iso);
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return Number.isNaN(time.getTime()) ? '–' : local.toISOString().slice(0, 16).replace('T', ' ');
}

/** @param {{ start: string, end?: string }} run */
export function durationText({ start, end }) {
  const seconds = Math.max(0, ((end ? Date.parse(end) : Date.now()) - Date.parse(start)) / 1000);
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
