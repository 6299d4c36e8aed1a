// Places labels beside their points so that they cover little, for wide and narrow windows.

/** A position in a plot, each coordinate from 0 to 1. */
export interface Place {
  readonly left: number;
  readonly bottom: number;
}

type Box = readonly [left: number, bottom: number, width: number, height: number];

/** The side of a point that its label is on: -1 left or below, 1 right or above, 0 centred. */
type Side = readonly [across: number, upwards: number];

const SIDES: readonly Side[] = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
];

/** A plot's size in pixels. Positions are in percent, so overlaps are computed for two sizes. */
interface PlotSize {
  readonly width: number;
  readonly height: number;
}

const WIDE: PlotSize = { width: 680, height: 380 };
const NARROW: PlotSize = { width: 290, height: 370 };
const LETTER = { width: 6.6, height: 14, gap: 8 };

/**
 * For each point, a style with the side of its label: `--across` and `--up`, and the same for narrow windows. Labels are
 * placed in the order of the points, each where it least covers points, lines and earlier labels.
 */
export function nameSides(
  points: readonly (Place & { readonly text: string })[],
  lines: readonly (readonly Place[])[],
): string[] {
  const wide = chooseSides(WIDE, points, lines);
  const narrow = chooseSides(NARROW, points, lines);
  return points.map(
    (_, i) => `--across:${wide[i][0]};--up:${wide[i][1]};--narrow-across:${narrow[i][0]};--narrow-up:${narrow[i][1]}`,
  );
}

/** For each point, the side on which its label covers least of points, lines and earlier labels. */
function chooseSides(
  { width, height }: PlotSize,
  points: readonly (Place & { readonly text: string })[],
  lines: readonly (readonly Place[])[],
): Side[] {
  const dots = points.map(({ left, bottom }): Box => [left * width - 6, bottom * height - 6, 12, 12]);
  const taken: Box[] = [...dots, ...lines.flatMap((line) => alongLine(line, { width, height }))];
  return points.map(({ left, bottom, text }, own) => {
    const boxOf = ([across, upwards]: Side): Box => {
      const [w, h] = [text.length * LETTER.width, LETTER.height];
      const x = left * width - w / 2 + across * (w / 2 + LETTER.gap);
      const y = bottom * height - h / 2 + upwards * (h / 2 + LETTER.gap);
      return [x, y, w, h];
    };
    const cost = (side: Side): number => {
      const box = boxOf(side);
      const outside = Math.max(0, -box[0]) + Math.max(0, box[0] + box[2] - width) + Math.max(0, -box[1]);
      return taken.reduce((sum, other, i) => (i === own ? sum : sum + overlap(box, other)), outside * 100);
    };
    const best = SIDES.reduce((a, b) => (cost(b) < cost(a) ? b : a));
    taken.push(boxOf(best));
    return best;
  });
}

/** Small boxes along a line, to compute overlaps with it. */
function alongLine(places: readonly Place[], { width, height }: PlotSize): Box[] {
  return places.slice(1).flatMap((to, i) => {
    const from = places[i];
    return Array.from({ length: 20 }, (_, step): Box => {
      const share = (step + 0.5) / 20;
      const at = (a: number, b: number, size: number): number => (a + share * (b - a)) * size - 2;
      return [at(from.left, to.left, width), at(from.bottom, to.bottom, height), 4, 4];
    });
  });
}

function overlap(a: Box, b: Box): number {
  const across = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const upwards = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return Math.max(0, across) * Math.max(0, upwards);
}
