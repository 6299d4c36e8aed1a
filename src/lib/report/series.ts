// The colours of arms, the same in the player, the plots and the table.

import type { ReportArm } from './report-data.js';

/** Number of colours in the style sheet; further arms reuse them, with dashed lines. */
const COLOURS = 8;

/** The class of colour number `index`, from 0: `series-0` and on, with `series-again` where colours repeat. */
export function seriesClass(index: number): string {
  return `series-${index % COLOURS}${index < COLOURS ? '' : ' series-again'}`;
}

/** The class of an arm's colour, by the arm's name: `series-source`, or one of {@link seriesClass}. */
export function seriesClasses(arms: readonly ReportArm[]): (name: string | undefined) => string {
  let next = 0;
  const classes = new Map(
    arms.map((arm) => {
      return [arm.name, arm.kind === 'source' ? 'series-source' : seriesClass(next++)];
    }),
  );
  return (name) => (name !== undefined && classes.get(name)) || 'series-none';
}
