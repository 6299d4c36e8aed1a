// The update of one layer, assembled from its tensors in a file: its kind, its factors, its scale.

import { UsageError } from '../../base/errors.js';
import type { TensorEntry } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { LoraModel, LoraRole } from './keys.js';
import { type LoraTarget, otherSizes } from './origin.js';
import type { PeftLayer } from './peft-settings.js';

/** A matrix of an update: its place in a file, or its numbers. */
export type LoraTensor = TensorEntry | Tensor;

/**
 * The update of one layer, D, of rank R and scaled by (alpha ?? rank) / rank. With `low-rank` D = up down: `down` is
 * [R, I] or [R, I, k, k], `up` [O, R] or [O, R, 1, 1], as many axes as the layer's own weight has. With `hadamard`
 * (LoHa) D = (w1a w1b) * (w2a w2b): the factors are [O, R] and [R, I k k]. With a `magnitude` [O, 1, ..] or [1, I, ..]
 * (DoRA) D changes only the weight's direction.
 */
export type LoraUpdate = LoraLayer &
  (
    | { readonly kind: 'low-rank'; readonly down: LoraTensor; readonly up: LoraTensor }
    | { readonly kind: 'hadamard'; readonly factors: readonly [LoraTensor, LoraTensor, LoraTensor, LoraTensor] }
  );

interface LoraLayer {
  readonly model: LoraModel;
  readonly path: string;
  readonly rank: number;
  readonly alpha: number | null;
  readonly magnitude: LoraTensor | null;
}

/** The tensors of a layer in a file by their role, and the value of its alpha. */
export type LoraParts = Readonly<Partial<Record<Exclude<LoraRole, 'alpha'>, LoraTensor>>> & {
  readonly alpha?: number;
};

/** The origin of an update, and the layer and checkpoint that it must fit. */
export interface LoraPlace {
  readonly file: string;
  readonly model: LoraModel;
  readonly path: string;
  /** Shape of the layer's weight. */
  readonly shape: readonly number[];
  readonly target: LoraTarget;
  /** PEFT's settings of the layer, given the rank of the matrices. */
  readonly peft: (rank: number) => PeftLayer;
}

/**
 * The update, or the reason why there is none.
 *
 * @throws UsageError when its sizes show that it was made for another model, or contradict PEFT's settings
 */
export function loraUpdate(place: LoraPlace, parts: LoraParts): LoraUpdate | string {
  const { file, model, path, shape } = place;
  // An embedding is a look-up, not a product with its input.
  if (shape.length < 2 || path.startsWith('embeddings.')) return 'a layer of this kind cannot be updated';
  const isHadamard =
    parts.w1a !== undefined || parts.w1b !== undefined || parts.w2a !== undefined || parts.w2b !== undefined;
  const missing = (isHadamard ? (['w1a', 'w1b', 'w2a', 'w2b'] as const) : (['down', 'up'] as const)).find(
    (role) => !parts[role],
  );
  if (missing) return `its ${missing} matrix is missing`;
  const [outputs, inputs, ...kernel] = shape;
  const columns = kernel.reduce((product, side) => product * side, inputs);
  const first = isHadamard ? parts.w1b! : parts.down!;
  const rank = first.shape[0] ?? 0;
  const expected: [LoraTensor, readonly number[]][] = isHadamard
    ? (
        [parts.w1a!, parts.w2a!].map((each) => [each, [outputs, each.shape[1] ?? 0]]) as [LoraTensor, number[]][]
      ).concat([parts.w1b!, parts.w2b!].map((each) => [each, [each.shape[0] ?? 0, columns]]))
    : [
        [parts.down!, [rank, inputs, ...kernel]],
        [parts.up!, [outputs, rank, ...kernel.map(() => 1)]],
      ];
  const fitted = expected.map(([entry, sides]) => reshaped(entry, sides));
  if (fitted.some((entry) => entry === undefined) || (isHadamard && !isHadamardPair(parts))) {
    const shapes = expected.map(([entry]) => `${entry.dtype} [${entry.shape.join(', ')}]`).join(' and ');
    const what = `its ${shapes} do not fit the layer's [${shape.join(', ')}]`;
    throw otherSizes(place, what, first.shape[1]);
  }
  const said = place.peft(rank);
  if (said.rank !== null && said.rank !== rank) {
    throw new UsageError(
      `${file}: PEFT's settings say rank ${said.rank} at ${path}, its matrices have ${rank}; use the adapter_config.json that belongs to the file`,
    );
  }
  const magnitude = magnitudeOf(parts, shape);
  if (magnitude === undefined) {
    const [given] = [parts.magnitude ?? parts.rowMagnitude!];
    throw otherSizes(place, `its magnitudes [${given.shape.join(', ')}] do not fit [${shape.join(', ')}]`);
  }
  if (said.dora && magnitude === null) {
    throw new UsageError(`${file}: PEFT's settings say DoRA, but ${path} has no magnitudes; use the whole file`);
  }
  const layer: LoraLayer = { model, path, rank, alpha: parts.alpha ?? said.alpha, magnitude };
  if (!isHadamard) return { ...layer, kind: 'low-rank', down: fitted[0]!, up: fitted[1]! };
  const [w1a, w2a, w1b, w2b] = fitted as LoraTensor[];
  return { ...layer, kind: 'hadamard', factors: [w1a, w1b, w2a, w2b] };
}

/** Whether both products of a LoHa have the same rank, by which it is scaled. */
function isHadamardPair({ w1a, w1b, w2a, w2b }: LoraParts): boolean {
  return w1a!.shape[1] === w1b!.shape[0] && w2a!.shape[1] === w2b!.shape[0] && w1b!.shape[0] === w2b!.shape[0];
}

/** Magnitudes with the axes of the weight: null if there are none, undefined if they do not fit. */
function magnitudeOf({ magnitude, rowMagnitude }: LoraParts, shape: readonly number[]): LoraTensor | null | undefined {
  const given = magnitude ?? rowMagnitude;
  if (!given) return null;
  const [outputs, inputs, ...kernel] = shape;
  const ones = kernel.map(() => 1);
  const sides = given.shape.filter((side) => side !== 1);
  const length = sides.reduce((product, side) => product * side, 1);
  if (sides.length > 1) return undefined;
  // Older files of LyCORIS have one magnitude for each input, [1, I]; PEFT's are always for outputs.
  const isColumns =
    !rowMagnitude && given.shape[0] === 1 && given.shape[1] === inputs && (inputs !== 1 || outputs !== 1);
  if (isColumns) return { ...given, shape: [1, inputs, ...ones] };
  return length === outputs ? { ...given, shape: [outputs, 1, ...ones] } : undefined;
}

/** The tensor with that shape if it differs at most in trailing sides of 1 and has a floating-point type. */
function reshaped(entry: LoraTensor, shape: readonly number[]): LoraTensor | undefined {
  const core = (sides: readonly number[]) => sides.join().replace(/(,1)+$/, '');
  const fits = entry.shape.length <= 4 && core(entry.shape) === core(shape) && /float/.test(entry.dtype);
  return fits ? ({ ...entry, shape } as LoraTensor) : undefined;
}
