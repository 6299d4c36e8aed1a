// Successive halving (Jamieson and Talwalkar 2016; rungs are named as in Li et al. 2018, Hyperband): every candidate is
// compared after few iterations, and the best continue. A rung is evaluated as a whole, so that the outcome does not depend
// on order.

import type { Sweep } from '../file/sweep-schema.js';

type EarlyTerminate = NonNullable<Sweep['early_terminate']>;

/** Iterations of the rungs below `longest`, ascending. */
export function rungs({ min_iter, max_iter, eta = 3, s = Infinity }: EarlyTerminate, longest: number): number[] {
  const all: number[] = [];
  if (min_iter !== undefined) {
    for (let k = 0; k < s; k++) {
      const rung = Math.floor(min_iter * eta ** k + 1e-9);
      if (rung >= longest) break;
      all.push(rung);
    }
  } else if (max_iter !== undefined) {
    for (let k = 1; k <= s; k++) {
      const rung = Math.floor(max_iter / eta ** k + 1e-9);
      if (rung < 1) break;
      if (rung < longest) all.unshift(rung);
    }
  }
  return [...new Set(all)];
}

/** Number of candidates that continue after a rung: one in eta, at least one. */
export function promoted(candidates: number, eta = 3): number {
  return Math.max(1, Math.floor(candidates / eta + 1e-9));
}

/** Candidates from best to worst; those without a value come last, equal ones keep their order. */
export function ranked<T>(
  candidates: readonly T[],
  metricOf: (candidate: T) => number | null | undefined,
  goal: 'minimize' | 'maximize' = 'minimize',
): T[] {
  const sign = goal === 'minimize' ? 1 : -1;
  const keyed = candidates.map((candidate, i) => ({ candidate, i, value: metricOf(candidate) ?? null }));
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null) || a.i - b.i;
    return sign * (a.value - b.value) || a.i - b.i;
  });
  return keyed.map(({ candidate }) => candidate);
}
