// What the experiment gives, as data: `result.json` holds it, with paths relative to its folder.

import type { Measurement } from '../metrics/measurement.js';
import type { EditJudgement } from '../world/truth/judge-edit.js';

/** Name of the arm that is the truth, where that is known. */
export const TRUTH = 'truth';

/**
 * One rendering, and what is known of it. Paths are relative to the folder of the result.
 *
 * @inline
 */
export interface RecipeArm {
  readonly name: string;
  readonly label: string;
  /** `floor`: nothing is edited, or nothing is learned; `plain`: the model as it came; `tuned`: a finetuned one. */
  readonly kind: 'floor' | 'plain' | 'tuned';
  readonly video: string;
  readonly strength: number | null;
  readonly guidance: number | null;
  readonly firstTimestep: number | null;
  /** Which of the trainings made its weights. */
  readonly training: string | null;
  readonly metrics: Measurement['means'];
  readonly curves: Measurement['curves'];
  /** Against the true rendering, where that is known. */
  readonly truth: EditJudgement | null;
}

/**
 * A proposal for the edited frame.
 *
 * @inline
 */
export interface RecipeProposal {
  readonly picture: string;
  readonly strength: number;
  readonly seed: number;
  readonly kept: number;
  readonly editStrength: number;
  readonly chosen: boolean;
}

/**
 * A training's course.
 *
 * @inline
 */
export interface RecipeTraining {
  readonly name: string;
  readonly label: string;
  readonly seconds: number;
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly learningRates: readonly number[];
  readonly forgetting: readonly { iteration: number; value: number }[];
  readonly previews: readonly { iteration: number; sheet: string; metrics: Measurement['means'] }[];
  /** What decided its bits. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * A claim of the recipe, and whether the numbers bear it out; null where they cannot tell.
 *
 * @inline
 */
export interface RecipeClaim {
  /** Label of the finetuned arm that it is about. */
  readonly arm: string;
  readonly claim: string;
  readonly expected: string;
  readonly measured: string;
  readonly held: boolean | null;
}

/** Everything that one run of the experiment found. */
export interface RecipeResult {
  readonly video: string;
  readonly model: string;
  readonly prompts: readonly string[];
  readonly frames: number;
  readonly frameRate: number;
  readonly width: number;
  readonly height: number;
  readonly source: Measurement;
  readonly arms: readonly RecipeArm[];
  /** Error of the truth after a VAE round trip: what no edit of this model can do better than. */
  readonly truthFloor: number | null;
  readonly editedFrame: {
    readonly frame: number;
    readonly original: string;
    /** Empty where no arm learns a picked edit. */
    readonly proposals: readonly RecipeProposal[];
    /** Edited frames that were given to arms, in place of picking one. */
    readonly given: readonly { readonly arm: string; readonly frame: number; readonly picture: string }[];
  };
  readonly trainings: readonly RecipeTraining[];
  readonly claims: readonly RecipeClaim[];
  readonly grid: { readonly mp4: string; readonly webp: string };
  /** Seconds of each stage of this process; what was done before an interruption is not in them. */
  readonly seconds: Readonly<Record<string, number>>;
  /** What decided its bits. */
  readonly settings: Readonly<Record<string, unknown>>;
}
