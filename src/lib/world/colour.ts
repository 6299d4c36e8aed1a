// Colours of light: red, green, blue proportional to energy, 1 being white. Pictures hold their square roots.

/** Red, green, blue, by default proportional to light. */
export type Rgb = readonly [r: number, g: number, b: number];

/** The light of a colour `#rrggbb`: (value / 255)^2, an approximation of sRGB's curve. */
export function light(hex: string): Rgb {
  const part = (from: number) => (Number.parseInt(hex.slice(from, from + 2), 16) / 255) ** 2;
  return [part(1), part(3), part(5)];
}

/** `a` for `share` 0, `b` for 1. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** A colour `factor` times as bright. */
export function scale(colour: Rgb, factor: number): Rgb {
  return [colour[0] * factor, colour[1] * factor, colour[2] * factor];
}

/** A fully saturated colour of a hue in [0, 1): red, yellow, green, cyan, blue, magenta. */
export function hue(turn: number): Rgb {
  const channel = (shift: number) => {
    const at = (((turn + shift) % 1) + 1) % 1;
    return Math.min(1, Math.max(0, Math.abs(6 * at - 3) - 1));
  };
  return [channel(0), channel(2 / 3), channel(1 / 3)];
}
