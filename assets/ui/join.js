// @ts-check
// Lines through runs that differ in one setting; through means where several runs have the same value of it, such as seeds.

import { numberIn } from './runs-data.js';

/**
 * A line for each combination of the other settings. Seeds, and settings that follow from this one, are no others.
 *
 * @param {readonly { run: import('./runs-data.js').RunData, x: number, y: number }[]} points
 * @param {string} key the setting
 * @param {readonly string[]} differing all settings that differ
 * @returns {import('../report/figure.js').Line[]}
 */
export function alongSetting(points, key, differing) {
  const settingOf = (/** @type {typeof points[0]} */ { run }) => run.parameters[key];
  const having = points.filter((point) => settingOf(point) !== undefined);
  const groups = Map.groupBy(having, (point) => String(settingOf(point)));
  const follows = (/** @type {string} */ other) =>
    [...groups.values()].every((own) => new Set(own.map(({ run }) => run.parameters[other])).size === 1);
  const others = differing.filter((each) => each !== key && !/seed$/.test(each) && !follows(each));
  const alike = Map.groupBy(having, ({ run }) => JSON.stringify(others.map((each) => run.parameters[each] ?? null)));
  return [...alike].flatMap(([combination, own], i) => {
    const steps = [...Map.groupBy(own, (point) => String(settingOf(point))).values()].sort(
      ([a], [b]) => numberIn(settingOf(a)) - numberIn(settingOf(b)),
    );
    if (steps.length < 2) return [];
    const ys = steps.map((step) => step.map(({ y }) => y));
    const words = JSON.parse(combination).map((/** @type {unknown} */ value) => String(value ?? '–'));
    const isMean = ys.some((values) => values.length > 1);
    return {
      ...{
        name: `along ${i}`,
        label: words.join(', ') || `along ${key}`,
        colour: 'series-none',
        kind: isMean ? 'both' : 'line',
      },
      x: steps.map((step) => mean(step.map(({ x }) => x))),
      y: ys.map(mean),
      ...(isMean && {
        // The name of the combination stands at the end.
        text: steps.map((_, k) => (k === steps.length - 1 ? words.join(', ') : '')),
        details: steps.map((step) => `${key} ${settingOf(step[0])}, mean of ${step.length}`),
        deviations: ys.map(deviation),
      }),
    };
  });
}

/** @param {readonly number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of a sample; null for a single value. @param {readonly number[]} values */
function deviation(values) {
  if (values.length < 2) return null;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
