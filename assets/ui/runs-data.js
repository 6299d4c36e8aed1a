// @ts-check
// The data of the compared runs in the page, and functions for charts.

/**
 * @typedef {{
 *   place: string, label: string, colour: string, experiment: string, status: string, start: string, end?: string,
 *   parameters: Record<string, string | number>, metrics: Record<string, number>,
 * }} RunData
 * @typedef {{ place: string, key: string, steps: number[], values: (number | null)[], seconds: number[], count: number }} Curve
 * @typedef {{
 *   runs: RunData[], metrics: { key: string, title: string, isCurve: boolean, lastStep: number }[], differing: string[], curves?: Curve[],
 *   served?: boolean, isRunning?: boolean, every?: number,
 * }} PageData
 * @typedef {{ value: string, title: string, group: string, of: (run: RunData) => string | number | undefined }} Quantity
 */

/** Reads the data embedded in the page. @returns {PageData} */
export function readPageData() {
  return JSON.parse(document.getElementById('page-data')?.textContent ?? '{"runs":[],"metrics":[],"differing":[]}');
}

/** Quantities for comparing runs: metrics and settings. @param {PageData} data @returns {Quantity[]} */
export function quantitiesOf({ runs, metrics, differing }) {
  const keys = [...new Set(runs.flatMap(({ parameters }) => Object.keys(parameters)))];
  const inOrder = [...differing, ...keys.filter((key) => !differing.includes(key))];
  return [
    ...metrics.map(({ key, title }) => ({
      value: `metrics.${key}`,
      title,
      group: 'metrics',
      of: (/** @type {RunData} */ run) => run.metrics[key],
    })),
    ...inOrder.map((key) => ({
      value: `params.${key}`,
      title: key,
      group: differing.includes(key) ? 'settings that differ' : 'other settings',
      of: (/** @type {RunData} */ run) => run.parameters[key],
    })),
  ];
}

/** A quantity as a number, also from numeric texts. @param {string | number | undefined} value */
export function numberIn(value) {
  return value === undefined || value === '' ? Number.NaN : Number(value);
}

/** Whether a quantity is a number in all runs that have it. @param {RunData[]} runs @param {Quantity} quantity */
export function isNumeric(runs, quantity) {
  const values = runs.map(quantity.of).filter((value) => value !== undefined);
  return values.length > 0 && values.every((value) => Number.isFinite(numberIn(value)));
}
