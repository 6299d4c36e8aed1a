// The reference pack: small random checkpoints, and the results of PyTorch's diffusers and transformers for them. It is
// outside the project (`../shared/reference`), so suites that need it are skipped if it is absent.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { skipNote } from '../skipped.js';

/** The pack's folder. */
export const PACK: string = fileURLToPath(new URL('../../../shared/reference', import.meta.url));

/** Whether the pack is there; use as `describe.skipIf(!hasPack)(`... ${packNote}`)`. */
export const hasPack: boolean = existsSync(`${PACK}/sd1/expected.safetensors`);

/** Whether the pack's second part is there: schedules, LoRA kinds, and more. */
export const hasMore: boolean = existsSync(`${PACK}/more/sd1/schedules.safetensors`);

/** The reason for skipping a suite that needs the pack, for its title; empty if the pack exists. */
export const packNote: string = skipNote(hasPack, '../shared/reference is not there');

/** The pack's two checkpoints: 1.x (epsilon, conv projections) and 2.x (v-prediction, linear projections). */
export const VARIANTS = ['sd1', 'sd2'] as const;

/** Path of a file or folder of the pack. */
export function packPath(...parts: string[]): string {
  return [PACK, ...parts].join('/');
}

/** The tensors of one of the pack's files, by default a variant's inputs and expected outputs. */
export function expectedTensors(variant: string, file = 'expected.safetensors'): Promise<Record<string, Tensor>> {
  return readSafetensors(packPath(variant, file));
}

/** Largest |actual - expected| divided by the largest |expected|, the measure of the pack's bounds. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i] - expected[i]);
    // Without Math.max, so that a NaN fails every bound.
    if (!(d <= difference)) difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return difference / largest;
}
