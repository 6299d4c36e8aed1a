// Edge-preserving smoothing into flat patches, like strokes of a brush: a Kuwahara filter with a soft choice between its
// four windows.

/**
 * Smooths a picture of three channels: each pixel becomes a mean of the four square windows of side `radius` + 1 that touch
 * it, weighted by (small + variance)^-4, so that the most even window dominates without jumps [Kuwahara 1976; Papari et al.
 * 2007].
 */
export function flatten(source: Float32Array, width: number, height: number, radius: number): Float32Array {
  const side = Math.max(1, Math.round(radius)) + 1;
  // Sums over all pixels above and to the left: three channels and the square of brightness.
  const stride = 4 * (width + 1);
  const sums = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let r = 0;
    let g = 0;
    let b = 0;
    let square = 0;
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x);
      const bright = source[from] + source[from + 1] + source[from + 2];
      r += source[from];
      g += source[from + 1];
      b += source[from + 2];
      square += bright * bright;
      const above = stride * y + 4 * (x + 1);
      const to = above + stride;
      sums[to] = sums[above] + r;
      sums[to + 1] = sums[above + 1] + g;
      sums[to + 2] = sums[above + 2] + b;
      sums[to + 3] = sums[above + 3] + square;
    }
  }
  const result = new Float32Array(source.length);
  for (let y = 0; y < height; y++) {
    const top = [Math.max(0, y - side + 1), y];
    const bottom = [y + 1, Math.min(height, y + side)];
    for (let x = 0; x < width; x++) {
      let total = 0;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let k = 0; k < 4; k++) {
        const y0 = top[k >> 1];
        const y1 = bottom[k >> 1];
        const x0 = k & 1 ? x : x - side + 1 > 0 ? x - side + 1 : 0;
        const x1 = k & 1 ? (x + side < width ? x + side : width) : x + 1;
        const p = stride * y1 + 4 * x1;
        const q = stride * y1 + 4 * x0;
        const s = stride * y0 + 4 * x1;
        const t = stride * y0 + 4 * x0;
        const over = 1 / ((x1 - x0) * (y1 - y0));
        const mr = (sums[p] - sums[q] - sums[s] + sums[t]) * over;
        const mg = (sums[p + 1] - sums[q + 1] - sums[s + 1] + sums[t + 1]) * over;
        const mb = (sums[p + 2] - sums[q + 2] - sums[s + 2] + sums[t + 2]) * over;
        const mean = mr + mg + mb;
        const spread = 0.01 + (sums[p + 3] - sums[q + 3] - sums[s + 3] + sums[t + 3]) * over - mean * mean;
        const certain = 1 / (spread * spread);
        const weight = certain * certain;
        total += weight;
        r += weight * mr;
        g += weight * mg;
        b += weight * mb;
      }
      const to = 3 * (y * width + x);
      result[to] = r / total;
      result[to + 1] = g / total;
      result[to + 2] = b / total;
    }
  }
  return result;
}
