// Checks the consistency of a report's data before it is drawn.

import { UsageError } from '../base/errors.js';
import type { ReportData } from './report-data.js';

/**
 * Checks the names by which parts of a report refer to each other, and the lengths of related lists.
 *
 * @throws UsageError naming the inconsistency
 */
export function checkReport(data: ReportData): void {
  const names = new Set<string>();
  for (const { name } of data.arms) {
    if (names.has(name)) throw new UsageError(`report: two arms are named '${name}'; give each its own name`);
    names.add(name);
  }
  const withVideo = new Set(data.arms.filter((arm) => arm.video !== undefined).map((arm) => arm.name));
  for (const name of data.grid ?? []) {
    if (withVideo.has(name)) continue;
    const why = names.has(name) ? 'has no video' : 'does not exist';
    throw new UsageError(`report: the grid shows the arm '${name}', which ${why}; choose from ${listed(withVideo)}`);
  }
  const { decision } = data;
  const points = [...(decision?.points ?? []), ...(decision?.curves ?? []).flatMap((curve) => curve.points)];
  for (const { arm, label } of points) {
    if (arm === undefined || names.has(arm)) continue;
    throw new UsageError(
      `report: the point '${label}' names the arm '${arm}', which does not exist; choose from ${listed(names)}`,
    );
  }
  checkShot(data, withVideo.size > 0);
  checkTraining(data);
}

function checkShot({ shot }: ReportData, needed: boolean): void {
  if (!shot) {
    if (needed)
      throw new UsageError('report: there are videos but no shot; give its frameRate, frames, width and height');
    return;
  }
  const { frameRate, frames, width, height } = shot;
  if (!(frameRate > 0 && Number.isFinite(frameRate))) {
    throw new UsageError(`report: a frame rate of ${frameRate} is not possible; give frames per second`);
  }
  for (const [what, value] of Object.entries({ frames, width, height })) {
    if (!(Number.isInteger(value) && value > 0)) {
      throw new UsageError(
        `report: a shot of ${value} ${what === 'frames' ? what : `pixels ${what}`} is not possible; give a whole number above 0`,
      );
    }
  }
}

function checkTraining({ training }: ReportData): void {
  if (!training) return;
  const { iterations, loss, learningRate = iterations, gradientNorm = iterations } = training;
  for (const [name, list] of Object.entries({ loss, learningRate, gradientNorm })) {
    if (list.length === iterations.length) continue;
    throw new UsageError(
      `report: training.${name} has ${list.length} values for ${iterations.length} iterations; give one for each, null where there is none`,
    );
  }
}

function listed(names: ReadonlySet<string>): string {
  return names.size === 0 ? 'none: no arm has one' : [...names].join(', ');
}
