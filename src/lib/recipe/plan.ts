// The plan of the recipe: the selection of the video, the arms, and the differences from the published recipe.

import type { MadeInput } from '../base/made-with.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import type { EditedFrame } from '../edits/edited-frame.js';
import type { FolderOptions } from '../renderings/comparison-folder.js';
import type { RenderHooks } from '../renderings/fill-journals.js';
import type { OptionsOf } from '../settings/setting.js';
import type { OUTPUT, RENDER, SELECTION, STEADIED } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { TrackingOptions } from '../tracking/log/tracked-work.js';
import type { FinetuneOptions } from '../training/finetune/options.js';
import type { Correspondence, SourceFrame } from '../video/flow/correspondence.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import type { CarRegion } from '../world/car/region.js';

/** The ground truth of the output, for shots of the procedural world. */
export interface Truth {
  /** The true rendering of each frame; each call starts at the first one. */
  readonly frames: () => AsyncIterable<Frame>;
  /** Region of the car in each frame. */
  readonly car: readonly (CarRegion | null)[];
  /** The motion of the source between any two of its frames. */
  readonly motion?: (from: SourceFrame, to: SourceFrame) => Correspondence;
}

/**
 * Training options of a finetuned model; see `FinetuneOptions`.
 *
 * @inline
 */
export type Training = Pick<
  FinetuneOptions,
  | 'trainingFrames'
  | 'objective'
  | 'timestepRange'
  | 'startRange'
  | 'train'
  | 'learningRate'
  | 'warmup'
  | 'iterations'
  | 'trainingBatch'
  | 'averageDecay'
  | 'priorPreservation'
  | 'heldAsidePrompts'
>;

/** A finetuned model and its renderings. */
export interface TunedArm {
  /** Name of its files. */
  readonly name: string;
  readonly label: string;
  /** Its training examples: the picked proposal, or given edited frames. */
  readonly edits: 'picked' | readonly EditedFrame[];
  readonly training: Training;
  /** Guidance scales of its renderings, one arm each. */
  readonly guidance: readonly number[];
}

/** What of the recipe's options its plan no longer says. */
export interface AskedRecipe {
  readonly preset: string;
  readonly training: Training;
  readonly tunedGuidance: number;
  readonly shot?: { readonly shot: string; readonly style?: string };
  /** The names of the examples, and the files among them. */
  readonly example?: readonly string[];
  readonly inputs: readonly MadeInput[];
}

/**
 * The complete plan of the recipe; recipe.ts has the options for users. `steady` adds a steady rendering to each finetuned
 * one.
 */
export interface RecipePlan
  extends Omit<DenoiseOptions, 'prompt' | 'guidanceScale' | 'preset'>,
    OptionsOf<Pick<typeof RENDER, 'batch'>>,
    OptionsOf<typeof STEADIED>,
    OptionsOf<typeof SELECTION>,
    OptionsOf<typeof OUTPUT>,
    FolderOptions,
    Omit<RenderHooks, 'onFrame'>,
    Omit<TrackingOptions, 'onWarning'>,
    Pick<OpenVideoOptions, 'crop'> {
  /** Training prompts of the edited frame; the first one is rendered. */
  readonly prompts: readonly string[];
  /** Strengths of the plain model; the first is also the finetuned model's, the second shows what a strong edit loses. */
  readonly strengths: readonly number[];
  /** Guidance scale of the plain model. */
  readonly guidanceScale: number;
  /** Settings of the proposals for the edited frame. */
  readonly proposals: {
    readonly strengths: readonly number[];
    readonly seeds: readonly number[];
    /** By default that of the plain model. */
    readonly guidanceScale?: number;
  };
  /** Index of the edited frame, from 0; the middle one by default. */
  readonly editFrame?: number;
  readonly tuned: readonly TunedArm[];
  /** Seed of the noise, which is the same for all frames. */
  readonly seed?: number;
  readonly truth?: Truth;
  /** What was asked for, for the metadata of videos; absent if they are to have none. */
  readonly asked?: AskedRecipe;
  /** Called with the folder once work in it begins. */
  readonly onFolder?: (out: string) => void;
}

/** The published settings of the recipe. */
export const PUBLISHED: Readonly<Record<string, string>> = {
  'model size': '860 M weights in the UNet',
  frames: '300 of 512x512',
  strength: '0.45',
  steps: '50',
  'training frames': '30',
  'edited frames': '1, with 2 prompts',
  'strengths of proposed edits': '0.75 and more',
  'learning rate': '1e-5',
  iterations: '1000',
  'batch size': '1',
  'timestep range': '[0, 500)',
  objective: 'noised-original',
};
