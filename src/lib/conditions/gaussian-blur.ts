// A Gaussian blur of interleaved channels, as OpenCV's `GaussianBlur` of floats: truncated at 4 sigma, mirrored at borders.

/** Interleaved numbers [H, W, C]. */
export interface Channels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The blurred numbers, for a standard deviation in pixels. */
export function gaussianBlur(values: ArrayLike<number>, size: Channels, sigma: number): Float32Array {
  const { width, height, channels } = size;
  const kernel = kernelOf(sigma);
  const row = width * channels;
  const across = alongLines(values, kernel, { lines: height, apart: row, length: width, step: channels, channels });
  return alongLines(across, kernel, { lines: width, apart: channels, length: height, step: row, channels });
}

/** The half of the kernel from its middle on. */
function kernelOf(sigma: number): Float32Array {
  const radius = Math.round(8 * sigma + 1) >> 1;
  const half = Float64Array.from({ length: radius + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = 2 * half.reduce((total, value) => total + value, 0) - half[0];
  return Float32Array.from(half, (value) => value / sum);
}

/** Lines of places: where they begin, how many places each has, and how far these are apart. */
interface Lines {
  readonly lines: number;
  readonly apart: number;
  readonly length: number;
  readonly step: number;
  readonly channels: number;
}

function alongLines(
  values: ArrayLike<number>,
  kernel: Float32Array,
  { lines, apart, length, step, channels }: Lines,
): Float32Array {
  const result = new Float32Array(values.length);
  const offsets = mirrored(length, kernel.length - 1).map((place) => place * step);
  const radius = kernel.length - 1;
  for (let line = 0; line < lines; line++) {
    for (let c = 0; c < channels; c++) {
      const start = line * apart + c;
      for (let i = 0; i < length; i++) {
        let sum = kernel[0] * values[start + i * step];
        for (let k = 1; k <= radius; k++) {
          const both = values[start + offsets[radius + i - k]] + values[start + offsets[radius + i + k]];
          sum += kernel[k] * both;
        }
        result[start + i * step] = sum;
      }
    }
  }
  return result;
}

/** The places from -radius to length + radius - 1, mirrored at the first and the last one. */
function mirrored(length: number, radius: number): number[] {
  const period = Math.max(1, 2 * (length - 1));
  return Array.from({ length: length + 2 * radius }, (_, i) => {
    const place = (((i - radius) % period) + period) % period;
    return place < length ? place : period - place;
  });
}
