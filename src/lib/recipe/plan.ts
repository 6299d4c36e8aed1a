// What the recipe does: the video's part, the arms, and how its settings relate to the published recipe.

import type { DenoiseOptions } from '../diffusion/img2img.js';
import type { EditedFrame } from '../edits/edited-frame.js';
import type { FolderOptions } from '../renderings/comparison-folder.js';
import type { RenderHooks } from '../renderings/fill-journals.js';
import type { OptionsOf } from '../settings/setting.js';
import type { RENDER, SELECTION } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { TrackingOptions } from '../tracking/log/tracked-work.js';
import type { FinetuneOptions } from '../training/finetune/options.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import type { CarRegion } from '../world/car/region.js';

/** What the output should look like, where that is known: shots of the procedural world. */
export interface Truth {
  /** The true rendering of each frame, from the first one at each call. */
  readonly frames: () => AsyncIterable<Frame>;
  /** Where the car is in each frame. */
  readonly car: readonly (CarRegion | null)[];
}

/**
 * How a finetuned model is trained; see `FinetuneOptions`.
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

/** A finetuned model and the renderings that are made with it. */
export interface TunedArm {
  /** Names its files. */
  readonly name: string;
  readonly label: string;
  /** The edited frames it learns: the one that was picked of the proposals, or given ones. */
  readonly edits: 'picked' | readonly EditedFrame[];
  readonly training: Training;
  /** Guidance scales at which it renders, one arm each. */
  readonly guidance: readonly number[];
}

/** Everything that the recipe does, decided: see recipe.ts for what is asked of users. */
export interface RecipePlan
  extends Omit<DenoiseOptions, 'prompt' | 'guidanceScale'>,
    OptionsOf<Pick<typeof RENDER, 'batch'>>,
    OptionsOf<typeof SELECTION>,
    FolderOptions,
    Omit<RenderHooks, 'onFrame'>,
    Omit<TrackingOptions, 'onWarning'>,
    Pick<OpenVideoOptions, 'crop'> {
  /** Prompts under which the edited frame is learned; the first is the one that is rendered. */
  readonly prompts: readonly string[];
  /** Strengths of the plain model; the first is also the finetuned model's, and the second shows what a strong edit loses. */
  readonly strengths: readonly number[];
  /** Guidance scale of the plain model. */
  readonly guidanceScale: number;
  /** What the edited frame is picked of. */
  readonly proposals: {
    readonly strengths: readonly number[];
    readonly seeds: readonly number[];
    /** That of the plain model by default. */
    readonly guidanceScale?: number;
  };
  /** Number of the frame that is edited, from 0; the middle one by default. */
  readonly editFrame?: number;
  readonly tuned: readonly TunedArm[];
  /** Seed of the noise that all frames share. */
  readonly seed?: number;
  readonly truth?: Truth;
  /** Told the folder as soon as work in it begins. */
  readonly onFolder?: (out: string) => void;
}

/** The published recipe, as far as it is published. */
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
