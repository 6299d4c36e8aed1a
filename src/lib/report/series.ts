// The colours of arms, the same in the player, the plots and the table.

import type { ReportArm } from './report-data.js';

/** Numbers of colours in the style sheet, and of dashes in figure.js: further arms take the colours again, with another dash. */
const COLOURS = 8;
const DASHES = 5;

/** The class of colour number `index`, from 0: `series-0` and on, then with `dash-1` and on; 40 differ. */
export function seriesClass(index: number): string {
  const again = Math.floor(index / COLOURS) % DASHES;
  return `series-${index % COLOURS}${again === 0 ? '' : ` dash-${again}`}`;
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
