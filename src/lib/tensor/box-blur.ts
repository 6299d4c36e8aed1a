// A blur whose cost does not depend on its width: running sums along rows and columns.

/** Interleaved numbers [H, W, C]. */
interface Channels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/**
 * A Gaussian-like blur of interleaved channels: three box blurs of this radius r in pixels, fractions allowed. Its standard
 * deviation is about sqrt(r^2 + r). At borders, the last pixel is repeated.
 */
export function boxBlur(source: Float32Array, { width, height, channels }: Channels, radius: number): Float32Array {
  const from = source.slice();
  const to = new Float32Array(source.length);
  const rows: Lines = { channels, lines: height, lineStride: width * channels, count: width, stride: channels };
  const columns: Lines = { channels, lines: width, lineStride: channels, count: height, stride: width * channels };
  for (let pass = 0; pass < 3; pass++) {
    alongLines(from, to, rows, radius);
    alongLines(to, from, columns, radius);
  }
  return from;
}

/** The rows or the columns of a picture of interleaved channels. */
interface Lines {
  readonly channels: number;
  /** Number of lines, and numbers from one to the next. */
  readonly lines: number;
  readonly lineStride: number;
  /** Pixels of a line, and numbers from one to the next. */
  readonly count: number;
  readonly stride: number;
}

/** Box blur along each line. */
function alongLines(from: Float32Array, to: Float32Array, layout: Lines, radius: number): void {
  const { channels, lines, lineStride, count, stride } = layout;
  const whole = Math.floor(radius);
  const rest = radius - whole;
  const norm = 1 / (2 * radius + 1);
  const last = stride * (count - 1);
  for (let line = 0; line < lines; line++) {
    for (let c = 0; c < channels; c++) {
      const base = line * lineStride + c;
      const end = base + last;
      let sum = from[base] * (whole + 1);
      for (let i = 1, at = base; i <= whole; i++) {
        at = at + stride < end ? at + stride : end;
        sum += from[at];
      }
      let before = base - stride * (whole + 1);
      let after = base + stride * (whole + 1);
      for (let at = base; at <= end; at += stride) {
        const old = from[before > base ? before : base];
        const next = from[after < end ? after : end];
        to[at] = (sum + rest * (old + next)) * norm;
        before += stride;
        sum += next - from[before > base ? before : base];
        after += stride;
      }
    }
  }
}
