// @ts-check
// Which side of its point a name stands on, so that it covers no other name, point or line.

/** The most names. */
const MOST_NAMES = 16;
const LETTER = { width: 6.4, height: 14, gap: 8 };
/** plotly's words for sides, and where the middle of the name is, in its widths and heights. @type {[string, number, number][]} */
const SIDES = [
  ['middle right', 1, 0],
  ['middle left', -1, 0],
  ['top center', 0, -1],
  ['bottom center', 0, 1],
  ['top right', 1, -1],
  ['bottom right', 1, 1],
  ['top left', -1, -1],
  ['bottom left', -1, 1],
];

/** @typedef {{ x: number, y: number, w: number, h: number }} Box by its middle */

/**
 * A side for each point of the lines whose points have names, an empty text for a name that finds no free side.
 *
 * @param {import('./figure.js').Figure} figure
 * @param {ReadonlySet<string>} hidden
 * @param {any} layout plotly's, as drawn
 * @returns {string[][]}
 */
export function sidesOfNames({ lines, floors = [] }, hidden, { xaxis, yaxis }) {
  const shown = lines.map((line) => (line.text && !hidden.has(line.name) ? line : undefined));
  const count = shown.reduce((sum, line) => sum + (line?.text?.filter(Boolean).length ?? 0), 0);
  // Of many, only lines have names.
  const named = count > MOST_NAMES ? shown.map((line) => (line?.kind === 'both' ? line : undefined)) : shown;
  const places = lines.map((line) =>
    line.text || line.x.length <= MOST_NAMES
      ? line.x.map((x, k) => ({ x: xaxis.d2p(x), y: yaxis.d2p(line.y[k]), w: 14, h: 14 }))
      : [],
  );
  /** @type {Box[]} */
  const taken = places.flat();
  for (const { y } of floors) taken.push({ x: xaxis._length / 2, y: yaxis.d2p(y), w: xaxis._length, h: 2 });
  for (const [i, { name, kind }] of lines.entries()) {
    if (hidden.has(name) || kind === 'points') continue;
    for (const [k, to] of places[i].slice(1).entries()) {
      const from = places[i][k];
      for (let share = 0.05; share < 1; share += 0.05)
        taken.push({ x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y), w: 2, h: 2 });
    }
  }
  const overlaps = (/** @type {Box} */ a, /** @type {Box} */ b) =>
    2 * Math.abs(a.x - b.x) < a.w + b.w && 2 * Math.abs(a.y - b.y) < a.h + b.h;
  return named.map((line, i) =>
    (line ? places[i] : []).map((place, k) => {
      if (!line?.text?.[k]) return '';
      const w = line.text[k].length * LETTER.width;
      for (const [side, across, down] of SIDES) {
        const x = place.x + across * (w / 2 + LETTER.gap);
        const box = {
          x,
          y: place.y + down * (LETTER.height / 2 + (across === 0 ? LETTER.gap : 4)),
          w,
          h: LETTER.height,
        };
        const inside = x - w / 2 > 0 && x + w / 2 < xaxis._length && box.y > 7 && box.y < yaxis._length - 7;
        if (!inside || taken.some((other) => overlaps(box, other))) continue;
        taken.push(box);
        return side;
      }
      return '';
    }),
  );
}
