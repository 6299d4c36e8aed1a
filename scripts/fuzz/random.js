// @ts-check
// Random choices that depend on a seed alone (mulberry32), so that every input can be made again.

/**
 * @typedef {object} Random
 * @property {() => number} unit from 0 to less than 1
 * @property {(below: number) => number} below a whole number from 0 to less than `below`
 * @property {<T>(list: readonly T[]) => T} pick
 */

/** The choices of one input. @param {number} seed @param {number} index @returns {Random} */
export function randomOf(seed, index) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  /** @param {number} limit */
  const below = (limit) => Math.floor(unit() * limit);
  return { unit, below, pick: (list) => list[below(list.length)] };
}
