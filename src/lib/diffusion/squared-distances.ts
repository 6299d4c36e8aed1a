// The exact Euclidean distance transform in linear time [Felzenszwalb and Huttenlocher 2012, Distance transforms of sampled
// functions]: the lower envelope of parabolas, along columns, then along rows.

/** Farther than any pixel. */
const FAR = 1e10;

/** The squared distance of each pixel to the nearest one of value 0; very large where there is none. */
export function squaredDistances(
  values: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
): Float64Array {
  const distances = Float64Array.from(values, (value) => (value === 0 ? 0 : FAR));
  const line = new Float64Array(Math.max(width, height));
  const pass = (length: number, from: number, step: number): void => {
    for (let i = 0; i < length; i++) line[i] = distances[from + i * step];
    const lowest = envelope(line, length);
    for (let i = 0; i < length; i++) distances[from + i * step] = lowest[i];
  };
  for (let x = 0; x < width; x++) pass(height, x, width);
  for (let y = 0; y < height; y++) pass(width, y * width, 1);
  return distances;
}

/** min over q of (p - q)^2 + f(q), for each p. */
function envelope(f: Float64Array, length: number): Float64Array {
  const places = new Int32Array(length);
  const bounds = new Float64Array(length + 1);
  let last = 0;
  bounds[0] = Number.NEGATIVE_INFINITY;
  bounds[1] = Number.POSITIVE_INFINITY;
  const crossing = (q: number, v: number): number => (f[q] + q * q - f[v] - v * v) / (2 * (q - v));
  for (let q = 1; q < length; q++) {
    let at = crossing(q, places[last]);
    while (at <= bounds[last]) at = crossing(q, places[--last]);
    places[++last] = q;
    bounds[last] = at;
    bounds[last + 1] = Number.POSITIVE_INFINITY;
  }
  const result = new Float64Array(length);
  for (let q = 0, k = 0; q < length; q++) {
    while (bounds[k + 1] < q) k++;
    result[q] = (q - places[k]) ** 2 + f[places[k]];
  }
  return result;
}
