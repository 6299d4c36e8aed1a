export function tickStep(distance: number): number;
export function linearTicks(min: number, max: number, count: number): { step: number; values: number[] };
export function logTicks(from: number, to: number): number[];
export function runningMean(values: readonly (number | null)[], keep: number): (number | null)[];
