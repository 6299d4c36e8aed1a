// The result of the experiment as data, as stored in `result.json`, with paths relative to its folder.

import type { Measurement } from '../metrics/measurement.js';
import type { EditJudgement } from '../world/truth/judge-edit.js';

/** Name of the truth's arm, if it is known. */
export const TRUTH = 'truth';

/**
 * One rendering and its measurements. Paths are relative to the folder of the result.
 *
 * @inline
 */
export interface RecipeArm {
  readonly name: string;
  readonly label: string;
  /** `floor`: without an edit, or without training; `plain`: the plain model; `tuned`: a finetuned one. */
  readonly kind: 'floor' | 'plain' | 'tuned';
  readonly video: string;
  readonly strength: number | null;
  readonly guidance: number | null;
  readonly firstTimestep: number | null;
  /** The training of its weights. */
  readonly training: string | null;
  /** Whether only its keyframes are rendered. */
  readonly steady: boolean;
  readonly metrics: Measurement['means'];
  readonly curves: Measurement['curves'];
  /** Compared with the true rendering, if known. */
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
 * The course of a training.
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
  /** The settings that determine the result bit by bit. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * A claim of the recipe, and whether the numbers support it; null if they cannot decide.
 *
 * @inline
 */
export interface RecipeClaim {
  /** Label of its finetuned arm. */
  readonly arm: string;
  readonly claim: string;
  readonly expected: string;
  readonly measured: string;
  readonly held: boolean | null;
}

/** The complete result of one run of the experiment. */
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
  /** Error of the truth after a VAE round trip: the floor of any edit by this model. */
  readonly truthFloor: number | null;
  readonly editedFrame: {
    readonly frame: number;
    readonly original: string;
    /** Empty if no arm learns a picked edit. */
    readonly proposals: readonly RecipeProposal[];
    /** Edited frames that were given to arms instead of a picked one. */
    readonly given: readonly { readonly arm: string; readonly frame: number; readonly picture: string }[];
  };
  readonly trainings: readonly RecipeTraining[];
  readonly claims: readonly RecipeClaim[];
  readonly grid: { readonly mp4: string; readonly webp: string };
  /** Seconds of each stage in this process, without work before an interruption. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The settings that determine the result bit by bit. */
  readonly settings: Readonly<Record<string, unknown>>;
}
