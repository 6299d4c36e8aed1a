// SQL's LIKE as a machine that reads each character once: no pattern, however it is made, takes longer than its length times
// the text's. A backtracking expression takes exponentially long for some.

/**
 * A test for a pattern: % stands for any text, _ for one character, a backslash takes the next one as it is. All places of
 * the pattern that the text may have come to are kept as bits and move on together [Baeza-Yates and Gonnet 1992].
 */
export function likePattern(pattern: string, ignoreCase: boolean): (text: string) => boolean {
  const fold = ignoreCase ? foldCase : (character: string) => character;
  const { characters, loops } = readPattern(pattern, fold);
  const length = characters.length;
  const words = (length >>> 5) + 1; // one place more than there are characters: the end
  const bits = (places: Iterable<number>): Uint32Array => {
    const made = new Uint32Array(words);
    for (const place of places) made[place >>> 5] |= 1 << (place & 31);
    return made;
  };
  const places = new Map<string, number[]>();
  const anywhere: number[] = [];
  for (const [place, character] of characters.entries()) {
    if (character === undefined) anywhere.push(place);
    else places.set(character, [...(places.get(character) ?? []), place]);
  }
  const stays = bits(loops);
  const others = bits(anywhere);
  const steps = new Map([...places].map(([character, own]) => [character, bits([...anywhere, ...own])]));
  return (text) => {
    const at = bits([0]);
    for (const character of text) {
      const step = steps.get(fold(character)) ?? others;
      let carry = 0;
      let alive = 0;
      for (let i = 0; i < words; i++) {
        const moved = at[i] & step[i];
        at[i] = (moved << 1) | carry | (at[i] & stays[i]);
        carry = moved >>> 31;
        alive |= at[i];
      }
      if (alive === 0) return false;
    }
    return (at[length >>> 5] & (1 << (length & 31))) !== 0;
  };
}

/** The characters of a pattern, undefined for any one; and the positions of any text. */
function readPattern(
  pattern: string,
  fold: (character: string) => string,
): { characters: (string | undefined)[]; loops: Set<number> } {
  const characters: (string | undefined)[] = [];
  const loops = new Set<number>();
  let escaped = false;
  const all = [...pattern];
  for (const [i, character] of all.entries()) {
    // A backslash at the end is an ordinary character.
    if (!escaped && character === '\\' && i + 1 < all.length) {
      escaped = true;
      continue;
    }
    if (!escaped && character === '%') loops.add(characters.length);
    else characters.push(!escaped && character === '_' ? undefined : fold(character));
    escaped = false;
  }
  return { characters, loops };
}

/** The case-folded form of a letter; letters that become several (ß) are unchanged. */
function foldCase(character: string): string {
  const upper = character.toUpperCase();
  const lower = (upper.length === character.length ? upper : character).toLowerCase();
  return lower.length === character.length ? lower : character;
}
