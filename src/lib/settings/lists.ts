// Default values of comparisons: lists of values of one setting.

/** Strengths of a strength sweep: where an edit begins to show, and where objects begin to vanish. */
export const SWEEP_STRENGTHS: readonly number[] = [0.45, 0.75];
/** Seeds of a comparison of seeds. */
export const COMPARED_SEEDS: readonly number[] = [1, 2, 3];
/** Strengths and seeds of edits of one frame. */
export const FRAME_STRENGTHS: readonly number[] = [0.45, 0.6, 0.75];
export const FRAME_SEEDS: readonly number[] = [42, 43, 44];
/** Strengths of proposed edits, at which a model replaces the video's colours, and the seeds at each. */
export const PROPOSED_STRENGTHS: readonly number[] = [0.75, 0.85, 0.95];
/** Those with a control, which keeps the composition up to full noise. */
export const CONTROLLED_STRENGTHS: readonly number[] = [0.75, 0.9, 1];
export const PROPOSED_SEEDS: readonly number[] = [42, 43, 44];
