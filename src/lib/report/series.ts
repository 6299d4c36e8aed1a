// Which colour belongs to which arm: the same in the player, the plots and the table.

import type { ReportArm } from './report-data.js';

/** How many colours the style sheet has; further arms begin again, with dashed lines. */
const COLOURS = 8;

/** The class of the colour of the thing number `index`, counted from 0: `series-0` and on, with `series-again` after the last. */
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
