// Values that are compared where none are named: several of one setting beside each other.

/** Strengths of a strength sweep: where an edit begins to show, and where objects begin to vanish. */
export const SWEEP_STRENGTHS: readonly number[] = [0.45, 0.75];
/** Seeds of a comparison of seeds. */
export const COMPARED_SEEDS: readonly number[] = [1, 2, 3];
/** Strengths and seeds at which one frame is edited. */
export const FRAME_STRENGTHS: readonly number[] = [0.45, 0.6, 0.75];
export const FRAME_SEEDS: readonly number[] = [42, 43, 44];
/** Strengths at which a model puts its own colours in place of the video's, and seeds that are tried at each: edits to choose from. */
export const PROPOSED_STRENGTHS: readonly number[] = [0.75, 0.85, 0.95];
export const PROPOSED_SEEDS: readonly number[] = [42, 43, 44];
