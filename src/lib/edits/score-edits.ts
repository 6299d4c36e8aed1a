// Scores edits as examples for finetuning: composition kept, colours changed.

import { COMPOSITION_LOST, composition } from '../metrics/composition.js';
import { compareFrames } from '../metrics/pixels.js';
import type { Frame } from '../tensor/frame.js';
import type { EditScores } from './frame-edit.js';

/** Mean absolute difference (0 to 255) at which the factor for the edit strength is 1 - 1/e. */
const STRONG = 40;

/** kept * (1 - exp(-editStrength / 40)), in [0, 1]. 0 without an edit; beyond 100 only composition matters. */
export function editRank(kept: number, editStrength: number): number {
  return kept * (1 - Math.exp(-editStrength / STRONG));
}

/**
 * Scores of an edit against its original.
 *
 * @throws UsageError when they differ in size
 */
export async function scoreEdit(original: Frame, edited: Frame): Promise<EditScores> {
  const { edges, flow, kept } = await composition(original, edited);
  const editStrength = compareFrames(original, edited).absolute;
  return { edges, flow, kept, editStrength, rank: editRank(kept, editStrength) };
}

/** Edits by rank, the best first; those that lost the composition come last. */
export function rankEdits<T extends { readonly scores: EditScores }>(edits: readonly T[]): T[] {
  const isLost = ({ scores: { kept } }: T): number => (kept < COMPOSITION_LOST ? 1 : 0);
  return [...edits].sort((a, b) => isLost(a) - isLost(b) || b.scores.rank - a.scores.rank);
}
