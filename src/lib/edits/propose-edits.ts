// Proposes edits of one frame as the example that a finetuning learns from, best first: composition kept, colours changed.
// Pictures and sidecars are written, and one of them picked, by edits-folder.ts.

import { UsageError } from '../base/errors.js';
import { sha256 } from '../base/hash.js';
import { COMPOSITION_LOST, composition } from '../metrics/composition.js';
import { compareFrames } from '../metrics/pixels.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { sizedFor } from '../video/read/open-for-model.js';
import { type ChosenFrame, chooseFrame, type FrameRequest } from './choose-frame.js';
import { openEditStore } from './edit-store.js';
import type { Proposal } from './proposal.js';
import { proposalSheet } from './proposal-sheet.js';
import { checkEdits, editName, type RenderEditsOptions, renderEdits } from './render-edits.js';
import type { EditScores, EditSidecar } from './sidecar.js';

/** Options of a proposal. */
export interface ProposeEditsOptions extends Omit<RenderEditsOptions, 'seeds' | 'strengths' | 'signal'>, FrameRequest {
  /** `PROPOSED_SEEDS` by default. */
  readonly seeds?: readonly number[];
  /** `PROPOSED_STRENGTHS` by default. */
  readonly strengths?: readonly number[];
  /** A folder in which each edit is kept as soon as it is made; the same request then goes on from there. None by default. */
  readonly work?: string;
}

/** Strengths at which a model puts its own colours in place of the video's. */
export const PROPOSED_STRENGTHS = [0.75, 0.85, 0.95] as const;
/** Seeds that are tried at each of these strengths. */
export const PROPOSED_SEEDS = [42, 43, 44] as const;

/** Edits of one frame, the best first. */
export interface ProposedEdits {
  readonly frame: number;
  readonly at: number;
  readonly original: Frame;
  readonly proposals: readonly Proposal[];
  /** The original and the edits in their order, each with its settings and scores. */
  readonly sheet: Frame;
}

/** Mean absolute difference (0..255) at which an edit counts for 1 - 1/e of a full one. */
const STRONG = 40;

/**
 * How well an edit serves as an example: kept * (1 - exp(-editStrength / 40)), in [0, 1]. No edit at all gives 0, and beyond 100
 * it is only composition that counts.
 */
export function editRank(kept: number, editStrength: number): number {
  return kept * (1 - Math.exp(-editStrength / STRONG));
}

/**
 * Scores of an edit beside its original.
 *
 * @throws UsageError when they differ in size
 */
export async function scoreEdit(original: Frame, edited: Frame): Promise<EditScores> {
  const { edges, flow, kept } = await composition(original, edited);
  const editStrength = compareFrames(original, edited).absolute;
  return { edges, flow, kept, editStrength, rank: editRank(kept, editStrength) };
}

/** Orders edits from the best on: by rank, and those that lost the composition behind all others. */
export function byRank(a: EditScores, b: EditScores): number {
  const isLost = ({ kept }: EditScores): number => (kept < COMPOSITION_LOST ? 1 : 0);
  return isLost(a) - isLost(b) || b.rank - a.rank;
}

/**
 * Renders edits of one frame at large strengths and orders them.
 *
 * @throws UsageError for a bad video, frame, strength or seed; FailureError when numbers turn NaN
 */
export async function proposeEdits(model: Model, video: string, options: ProposeEditsOptions): Promise<ProposedEdits> {
  const { strengths = PROPOSED_STRENGTHS, seeds = PROPOSED_SEEDS, work } = options;
  const request = { ...options, strengths: unique('strengths', strengths), seeds: unique('seeds', seeds) };
  checkEdits(model, request);
  const chosen = await chooseFrame(video, sizedFor(model, options));
  const store = work === undefined ? undefined : await openEditStore(work, model, chosen.picture, request);
  const edits = await renderEdits(model, chosen.picture, request, store);
  const about = aboutFrame(model, video, chosen, request);
  const proposals: Proposal[] = [];
  for (const { frame: picture, strength, seed, firstTimestep } of edits) {
    const scores = await scoreEdit(chosen.picture, picture);
    const sidecar = { ...about, strength, seed, firstTimestep, scores };
    proposals.push({ name: editName({ strength, seed }), picture, sidecar });
  }
  proposals.sort((a, b) => byRank(a.sidecar.scores, b.sidecar.scores));
  const sheet = await proposalSheet(chosen.picture, proposals);
  return { frame: chosen.frame, at: chosen.at, original: chosen.picture, proposals, sheet };
}

/** What the sidecars of all edits of a frame have in common. */
function aboutFrame(
  model: Model,
  video: string,
  { frame, picture }: ChosenFrame,
  options: Omit<RenderEditsOptions, 'signal'>,
): EditSidecar {
  const { prompt, negativePrompt = '', guidanceScale = 7.5, steps = 50, sampler = 'ddim', noiseDraw = 1 } = options;
  return {
    frame,
    prompt,
    negativePrompt,
    guidance: guidanceScale,
    steps,
    sampler,
    noiseDraw,
    video: { name: fileName(video), frameSha256: sha256(picture.data) },
    model: model.path,
    ...(model.loras.length > 0 && { loras: model.loras }),
    ...(model.embeddings.length > 0 && { embeddings: model.embeddings }),
    ...(model.clipSkip > 0 && { clipSkip: model.clipSkip }),
  };
}

function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

function unique(what: string, values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new UsageError(`edit: the list of ${what} is empty; give at least one`);
  return [...new Set(values)];
}
