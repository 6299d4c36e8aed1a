// Solves (L + w) d = r on a picture by multigrid, L being the Laplacian of its 4-neighbour grid.

/** A picture's equations: one weight a pixel, and right sides of 3 channels. */
export interface Equations {
  readonly width: number;
  readonly height: number;
  /** w, H x W, from 0. */
  readonly weight: Float32Array;
  /** r, H x W x 3. */
  readonly right: Float32Array;
}

/** Shorter side below which a level is not halved again. */
const COARSEST = 4;
/** Sweeps over a level before it is corrected by the next coarser one, and after; and over the coarsest. */
const SWEEPS = { level: 2, coarsest: 40 };

/**
 * d with (L + w) d = r, where (L d)_i = sum over the neighbours j within the picture of d_i - d_j. Each size starts
 * from the solution of the next coarser one, and one cycle to the coarsest and back improves it, two at the picture's own.
 * The largest error is below a hundredth of the largest value then.
 *
 * Differs from Bonneel's solver, 50 Jacobi iterations at each of 6 sizes, in that coarser levels correct what is left at the
 * finer ones, which needs a quarter of the work and serves where nothing of the frame before is seen.
 */
export function solveScreened(equations: Equations): Float32Array {
  const { width, height, weight, right } = equations;
  const levels = [createLevel(width, height, weight)];
  for (let level = levels[0]; Math.min(level.width, level.height) >= 2 * COARSEST; level = levels[levels.length - 1]) {
    levels.push(createLevel((level.width + 1) >> 1, (level.height + 1) >> 1, sums(level.weight, level, 1)));
  }
  levels[0].right.set(right);
  for (let k = 1; k < levels.length; k++) levels[k].right.set(sums(levels[k - 1].right, levels[k - 1], 3));
  for (let k = levels.length - 1; k >= 0; k--) {
    if (k + 1 < levels.length) {
      levels[k].solution.fill(0);
      addEnlarged(levels[k + 1], levels[k]);
    }
    cycle(levels, k);
  }
  cycle(levels, 0);
  return levels[0].inner();
}

/** A size of the picture. Solutions have a border of one pixel that stays 0, so that no neighbour needs a test. */
interface Level {
  readonly width: number;
  readonly height: number;
  readonly weight: Float32Array;
  /** 1 / (number of neighbours + w). */
  readonly inverse: Float32Array;
  readonly right: Float32Array;
  /** (H + 2) x (W + 2) x 3. */
  readonly solution: Float32Array;
  /** The solution without its border. */
  inner(): Float32Array;
}

function createLevel(width: number, height: number, weight: Float32Array): Level {
  const inverse = new Float32Array(width * height);
  for (let y = 0, p = 0; y < height; y++) {
    const vertical = (y > 0 ? 1 : 0) + (y + 1 < height ? 1 : 0);
    for (let x = 0; x < width; x++, p++) {
      const diagonal = vertical + (x > 0 ? 1 : 0) + (x + 1 < width ? 1 : 0) + weight[p];
      inverse[p] = diagonal > 0 ? 1 / diagonal : 0;
    }
  }
  const solution = new Float32Array(3 * (width + 2) * (height + 2));
  return {
    ...{ width, height, weight, inverse, solution, right: new Float32Array(3 * width * height) },
    inner() {
      const values = new Float32Array(3 * width * height);
      for (let y = 0; y < height; y++) {
        const from = 3 * ((y + 1) * (width + 2) + 1);
        values.set(solution.subarray(from, from + 3 * width), 3 * width * y);
      }
      return values;
    },
  };
}

/** One cycle from level `k` on. */
function cycle(levels: readonly Level[], k: number): void {
  const [level, coarser] = [levels[k], levels[k + 1]];
  if (!coarser) {
    relax(level, SWEEPS.coarsest);
    return;
  }
  relax(level, SWEEPS.level);
  coarser.right.set(sums(residual(level), level, 3));
  coarser.solution.fill(0);
  cycle(levels, k + 1);
  addEnlarged(coarser, level);
  relax(level, SWEEPS.level);
}

/** Sweeps forwards and backwards in turn: d_i = (r_i + sum of its neighbours) / (their number + w_i) [Gauss-Seidel]. */
function relax({ width, height, inverse, right: r, solution: d }: Level, sweeps: number): void {
  const stride = 3 * (width + 2);
  for (let n = 0; n < sweeps; n++) {
    const backwards = n % 2 === 1;
    for (let row = 0; row < height; row++) {
      const y = backwards ? height - 1 - row : row;
      const step = backwards ? -1 : 1;
      let x = backwards ? width - 1 : 0;
      for (let left = width; left > 0; left--, x += step) {
        const p = y * width + x;
        const q = 3 * p;
        const i = (y + 1) * stride + 3 * (x + 1);
        const scale = inverse[p];
        d[i] = scale * (r[q] + d[i - 3] + d[i + 3] + d[i - stride] + d[i + stride]);
        d[i + 1] = scale * (r[q + 1] + d[i - 2] + d[i + 4] + d[i + 1 - stride] + d[i + 1 + stride]);
        d[i + 2] = scale * (r[q + 2] + d[i - 1] + d[i + 5] + d[i + 2 - stride] + d[i + 2 + stride]);
      }
    }
  }
}

/** r - (L + w) d, H x W x 3. */
function residual({ width, height, inverse, right: r, solution: d }: Level): Float32Array {
  const stride = 3 * (width + 2);
  const rest = new Float32Array(r.length);
  for (let y = 0, p = 0, q = 0; y < height; y++) {
    for (let x = 0, i = (y + 1) * stride + 3; x < width; x++, p++) {
      const diagonal = inverse[p] > 0 ? 1 / inverse[p] : 0;
      for (let c = 0; c < 3; c++, i++, q++) {
        rest[q] = r[q] + d[i - 3] + d[i + 3] + d[i - stride] + d[i + stride] - diagonal * d[i];
      }
    }
  }
  return rest;
}

/** Sums over 2 x 2 pixels; a last odd row or column is a cell of its own. */
function sums(
  values: Float32Array,
  { width, height }: Pick<Level, 'width' | 'height'>,
  channels: number,
): Float32Array {
  const w = (width + 1) >> 1;
  const result = new Float32Array(channels * w * ((height + 1) >> 1));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = channels * ((y >> 1) * w + (x >> 1));
      for (let c = 0; c < channels; c++, i++) result[cell + c] += values[i];
    }
  }
  return result;
}

/** Adds a coarser solution, interpolated between the cells' centres. */
function addEnlarged(coarse: Level, { width, height, solution }: Level): void {
  const columns = cellsBeside(width, coarse.width);
  const rows = cellsBeside(height, coarse.height);
  const from = coarse.solution;
  const stride = 3 * (coarse.width + 2);
  for (let y = 0; y < height; y++) {
    const upper = (rows.low[y] + 1) * stride;
    const lower = (rows.high[y] + 1) * stride;
    const down = rows.share[y];
    let i = 3 * ((y + 1) * (width + 2) + 1);
    for (let x = 0; x < width; x++) {
      const left = 3 * (columns.low[x] + 1);
      const right = 3 * (columns.high[x] + 1);
      const across = columns.share[x];
      for (let c = 0; c < 3; c++, i++) {
        const above = from[upper + left + c] + across * (from[upper + right + c] - from[upper + left + c]);
        const below = from[lower + left + c] + across * (from[lower + right + c] - from[lower + left + c]);
        solution[i] += above + down * (below - above);
      }
    }
  }
}

/** For each pixel of a side: the two cells of twice its size beside its centre, and the share of the second. */
function cellsBeside(length: number, cells: number): { low: Int32Array; high: Int32Array; share: Float32Array } {
  const place = Float32Array.from({ length }, (_, at) => Math.min(cells - 1, Math.max(0, at / 2 - 0.25)));
  const low = Int32Array.from(place, Math.floor);
  return { low, high: low.map((at) => Math.min(cells - 1, at + 1)), share: place.map((at, i) => at - low[i]) };
}
