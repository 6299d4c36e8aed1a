// Normal noise that is moved along a motion and stays normal [Burgert et al. 2025, Go-with-the-Flow: Motion-Controllable Video
// Diffusion Models Using Real-Time Warped Noise, section 3]. warped-noise.ts moves it through a video.

import type { RandomGenerator } from '../base/random.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { Flow } from '../video/flow/flow.js';
import type { Correspondence } from './motion.js';
import { independentDraws, NEW } from './noise-draws.js';

/** Noise on the grid of a frame's pixels. */
export interface NoiseField {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Unit normal values, C x H x W. */
  readonly values: Float32Array;
  /** The area of noise that each cell stands for, H x W: 1 on average, more where noise has been compressed. */
  readonly weights: Float32Array;
  /**
   * Where in its cell the noise is, H x W x 2, dx before dy, from -0.5 to 0.5: motions below a pixel add up. Differs from the
   * paper's default, which rounds each motion.
   */
  readonly offsets: Float32Array;
}

/** Least weight of a cell, which keeps weights above 0 where noise expands for ever. */
const LEAST = 1e-5;

/**
 * Noise z [1, C, h, w] on a grid of `scale` times its sides: each block of n = scale^2 cells has z / sqrt(n) + r - mean r,
 * with normal r. `coarseNoise` of the result is z.
 */
export function fineNoise(noise: Tensor<'float32'>, scale: number, generator: RandomGenerator): NoiseField {
  const [, channels, h, w] = noise.shape;
  const [width, height] = [w * scale, h * scale];
  const values = generator.randn(channels * height * width);
  const means = blocks(values, { width, height, scale });
  for (let i = 0; i < values.length; i++) {
    const block = blockOf(i, width, scale);
    values[i] += noise.data[block] / scale - means[block] / scale ** 2;
  }
  return {
    ...{ width, height, channels, values },
    weights: new Float32Array(width * height).fill(1),
    offsets: new Float32Array(2 * width * height),
  };
}

/** Unit normal noise [1, C, h, w] of a field: sum(w c) / sqrt(sum w^2) over blocks of scale x scale cells. */
export function coarseNoise(
  { width, height, channels, values, weights }: NoiseField,
  scale: number,
): Tensor<'float32'> {
  const cells = width * height;
  const weighted = Float64Array.from(values, (value, i) => weights[i % cells] * value);
  const sums = blocks(weighted, { width, height, scale });
  const squares = blocks(
    Float64Array.from(weights, (weight) => weight * weight),
    { width, height, scale },
  );
  const data = Float32Array.from(sums, (sum, i) => sum / Math.sqrt(squares[i % squares.length]));
  return tensor('float32', [1, channels, height / scale, width / scale], data);
}

/**
 * The field at the next frame. Noise goes along `forward` into the nearest cell; where several meet, it contracts to
 * sum(w c) / sqrt(sum w^2) with the weight sum w. A cell that none enters copies the cell where `backward` leads, or gets new
 * noise where that is hidden or outside. A value c that is used k times, in cells of both kinds, becomes
 * c / sqrt(k) + r - mean r with normal r, and its weight is divided by k: its uses are independent. Finally the mean weight
 * is set to 1.
 *
 * @param forward from the cells of the field to the next frame
 * @param backward from the next frame's cells to the field
 */
export function movedNoise(
  field: NoiseField,
  { forward, backward }: { readonly forward: Flow; readonly backward: Correspondence },
  generator: RandomGenerator,
): NoiseField {
  const { width, height, channels, values, weights } = field;
  const cells = width * height;
  const { targets, rests } = landings(field, forward);
  const isHit = new Uint8Array(cells);
  const uses = new Uint32Array(cells);
  for (let from = 0; from < cells; from++) {
    if (targets[from] < 0) continue;
    isHit[targets[from]] = 1;
    uses[from]++;
  }
  const sources = copiedCells(isHit, { width, height }, backward);
  for (const source of sources) if (source >= 0) uses[source]++;
  const draws = independentDraws(
    uses,
    { channels, extra: sources.filter((source) => source === NEW).length },
    generator,
  );

  const moved = {
    values: new Float64Array(channels * cells),
    weights: new Float64Array(cells),
    squares: new Float64Array(cells),
    offsets: new Float64Array(2 * cells),
  };
  /** Adds a use of the noise at `from` to the cell `to`. */
  const add = (from: number, to: number): void => {
    const weight = weights[from] / uses[from];
    const share = 1 / Math.sqrt(uses[from]);
    const draw = draws.next(from);
    for (let c = 0; c < channels; c++) {
      const own = draw < 0 ? 0 : draws.values[draw + c];
      moved.values[c * cells + to] += weight * (values[c * cells + from] * share + own);
    }
    moved.weights[to] += weight;
    moved.squares[to] += weight * weight;
  };
  for (let from = 0; from < cells; from++) {
    const to = targets[from];
    if (to < 0) continue;
    const weight = weights[from] / uses[from];
    moved.offsets[2 * to] += weight * rests[2 * from];
    moved.offsets[2 * to + 1] += weight * rests[2 * from + 1];
    add(from, to);
  }
  for (let to = 0; to < cells; to++) {
    if (sources[to] >= 0) add(sources[to], to);
    if (sources[to] !== NEW) continue;
    const draw = draws.next(NEW);
    for (let c = 0; c < channels; c++) moved.values[c * cells + to] = draws.values[draw + c];
    [moved.weights[to], moved.squares[to]] = [1, 1];
  }
  const mean = moved.weights.reduce((sum, weight) => sum + weight, 0) / cells;
  return {
    ...{ width, height, channels },
    values: Float32Array.from(moved.values, (sum, i) => sum / Math.sqrt(moved.squares[i % cells])),
    weights: Float32Array.from(moved.weights, (weight) => Math.max(LEAST, weight / mean)),
    offsets: Float32Array.from(moved.offsets, (sum, i) => sum / moved.weights[i >> 1]),
  };
}

/** In `copiedCells`: a cell that noise enters. */
const ENTERED = -1;

/** The cell that the noise of each cell goes to (-1 outside), and where in that cell it is then. */
function landings(
  { width, height, offsets }: NoiseField,
  { data }: Flow,
): { targets: Int32Array; rests: Float32Array } {
  const targets = new Int32Array(width * height).fill(-1);
  const rests = new Float32Array(2 * width * height);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const u = x + offsets[2 * p] + data[2 * p];
      const v = y + offsets[2 * p + 1] + data[2 * p + 1];
      const [column, row] = [Math.round(u), Math.round(v)];
      if (!(column >= 0 && row >= 0 && column < width && row < height)) continue;
      targets[p] = row * width + column;
      rests[2 * p] = u - column;
      rests[2 * p + 1] = v - row;
    }
  }
  return { targets, rests };
}

/** The cell that each cell without noise copies, or NEW; ENTERED for those with noise. */
function copiedCells(
  isHit: Uint8Array,
  { width, height }: Pick<NoiseField, 'width' | 'height'>,
  { flow: { data }, visible }: Correspondence,
): Int32Array {
  return Int32Array.from(isHit, (hit, p) => {
    if (hit) return ENTERED;
    const column = Math.round((p % width) + data[2 * p]);
    const row = Math.round(Math.floor(p / width) + data[2 * p + 1]);
    const inside = column >= 0 && row >= 0 && column < width && row < height;
    return inside && visible[p] ? row * width + column : NEW;
  });
}

/** The block of a value of C x H x W among C x h x w. */
function blockOf(i: number, width: number, scale: number): number {
  return Math.floor(i / (width * scale)) * (width / scale) + Math.floor((i % width) / scale);
}

/** Sums over blocks of scale x scale cells. */
function blocks(
  values: Float32Array | Float64Array,
  { width, scale }: { readonly width: number; readonly height: number; readonly scale: number },
): Float64Array {
  const sums = new Float64Array(values.length / scale ** 2);
  for (let i = 0; i < values.length; i++) sums[blockOf(i, width, scale)] += values[i];
  return sums;
}
