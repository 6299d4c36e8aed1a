// The UNet for consecutive frames whose up blocks attend to earlier frames: the keys and values of their self-attention come
// from the first frame and the previous one [Wu et al. 2023, Tune-A-Video; Yang et al. 2023, Rerender A Video, section 4.1].
// One static graph serves all frames: a switch replaces what the first frame does not have.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { ANCHORS } from '../../settings/table.js';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.js';
import type { UNetConfig } from '../config/config.js';
import type { Scope } from './scope.js';
import { type Attended, type Residuals, type UNetNodes, unet } from './unet.js';

/** The frames whose keys and values are attended to. */
export type AnchorKind = Exclude<(typeof ANCHORS)[number], 'none'>;

/** Keys and values [P, 1, T, C] of one frame at one timestep, by layer and `k` or `v`; P prompts. */
export type LayerValues = Readonly<Record<string, Tensor<'float32'>>>;

/** Keys and values of the first and of the previous frame at one timestep. */
export interface Anchors {
  readonly first: LayerValues;
  readonly previous: LayerValues;
}

/** How the rows of a batch are read: F consecutive frames under the first prompt, then the same under the next one. */
export interface AnchoredRows {
  readonly kind: AnchorKind;
  readonly prompts: number;
}

/** Names of the graph's inputs and outputs for a layer's keys or values. */
const NAMES = {
  /** Whether the batch begins with the first frame: 0; else 1. */
  anchored: 'anchored',
  firstIn: 'first in ',
  previousIn: 'previous in ',
  firstOut: 'first out ',
  lastOut: 'last out ',
} as const;

/**
 * Keys or values that a layer attends to: [first; previous], or [own; first; previous], along the tokens.
 *
 * Within a batch, the previous frame is the row before. The first frame attends to itself, twice, which equals attention to
 * itself alone.
 *
 * @param own [P F, T, C]
 * @param before the first and the previous frame's [P, 1, T, C], read where `anchored` [1] is 1
 * @returns those attended to, [P F, 2 T, C] or [P F, 3 T, C], and the batch's own first and last frame's [P, 1, T, C]
 */
export function anchoredValues(
  own: Node,
  { kind, prompts }: AnchoredRows,
  before: { readonly anchored: Node; readonly first: Node; readonly previous: Node },
): { attended: Node; first: Node; last: Node } {
  const [rows, tokens, channels] = own.shape;
  const frames = rows / prompts;
  const shape = [prompts, frames, tokens, channels];
  const all = g.reshape(own, shape);
  const part = (from: number, to: number): Node => g.slice(all, [0, from, 0, 0], [prompts, to, tokens, channels]);
  const ownFirst = part(0, 1);
  const switched = (given: Node): Node =>
    g.add(g.multiply(before.anchored, given), g.multiply(g.subtract(g.scalar(1), before.anchored), ownFirst));
  const first = switched(before.first);
  const start = switched(before.previous);
  const previous = frames === 1 ? start : g.concat([start, part(0, frames - 1)], 1);
  const flat = (x: Node): Node => g.reshape(g.broadcast(x, shape), [rows, tokens, channels]);
  const parts = [...(kind === 'own-first-previous' ? [own] : []), flat(first), flat(previous)];
  return { attended: g.concat(parts, 1), first: ownFirst, last: part(frames - 1, frames) };
}

/** What differs from the network alone. */
export interface AnchoredAdditions extends AnchoredRows {
  readonly residuals?: Residuals;
}

/** A graph of `anchoredUnet`: its outputs, and the shapes of the keys and values that it reads and returns, by name. */
export interface AnchoredGraph {
  readonly outputs: Readonly<Record<string, Node>>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** The graph whose outputs are the prediction, `output`, and the keys and values for the next batch. */
export function anchoredUnet(
  scope: Scope,
  config: UNetConfig,
  inputs: UNetNodes,
  { residuals, ...rows }: AnchoredAdditions,
): AnchoredGraph {
  const frames = inputs.sample.shape[0] / rows.prompts;
  const anchored = g.input(NAMES.anchored, [1]);
  const outputs: Record<string, Node> = {};
  const shapes = new Map<string, readonly number[]>();
  const replaced = (own: Node, name: string): Node => {
    const one = [rows.prompts, 1, ...own.shape.slice(1)];
    shapes.set(name, one);
    const [first, previous] = [NAMES.firstIn, NAMES.previousIn].map((prefix) => g.input(prefix + name, one));
    const { attended, ...made } = anchoredValues(own, rows, { anchored, first, previous });
    outputs[NAMES.lastOut + name] = made.last;
    if (frames > 1) outputs[NAMES.firstOut + name] = made.first;
    return attended;
  };
  const attended: Attended = ({ k, v }, layer) => ({ k: replaced(k, `${layer}.k`), v: replaced(v, `${layer}.v`) });
  const output = unet(scope, config, inputs, { attended, ...(residuals && { residuals }) });
  return { outputs: { output, ...outputs }, shapes };
}

/** The graph's additional inputs; without anchors, the batch begins with the first frame. */
export function anchorInputs(
  shapes: AnchoredGraph['shapes'],
  anchors: Anchors | undefined,
): Record<string, Tensor<'float32'>> {
  const inputs: Record<string, Tensor<'float32'>> = {
    [NAMES.anchored]: tensor('float32', [1], Float32Array.of(anchors ? 1 : 0)),
  };
  for (const [name, shape] of shapes) {
    // Not read, but finite: the graph multiplies them by 0.
    const none = (): Tensor<'float32'> => tensor('float32', shape, new Float32Array(sizeOf(shape)));
    inputs[NAMES.firstIn + name] = anchors?.first[name] ?? none();
    inputs[NAMES.previousIn + name] = anchors?.previous[name] ?? none();
  }
  return inputs;
}

/** The anchors of the next batch, from the graph's outputs for this one. */
export function nextAnchors(
  shapes: AnchoredGraph['shapes'],
  outputs: Readonly<Record<string, Tensor<'float32'>>>,
  anchors: Anchors | undefined,
): Anchors {
  const named = (output: (name: string) => Tensor<'float32'>): LayerValues =>
    Object.fromEntries([...shapes.keys()].map((name) => [name, output(name)]));
  // In a batch of one frame, the last is the first.
  const first = (name: string) => outputs[NAMES.firstOut + name] ?? outputs[NAMES.lastOut + name];
  return { first: anchors?.first ?? named(first), previous: named((name) => outputs[NAMES.lastOut + name]) };
}
