// Names without what they all share, so that what distinguishes them is not cut off.

/** Names up to this long stay as they are. */
const SHORT = 28;

/** Long names without the words that all begin and end with. */
export function tellingNames(names: readonly string[]): string[] {
  if (names.length < 2 || names.every((name) => name.length <= SHORT)) return [...names];
  const split = names.map((name) => name.split(/(?<=[\s,/_-])/));
  const least = Math.min(...split.map((words) => words.length));
  const shared = (at: (words: readonly string[], i: number) => string | undefined, most: number): number => {
    let count = 0;
    while (count < most && split.every((words) => at(words, count) === at(split[0], count))) count++;
    return count;
  };
  // The last shared word stays, since it may name the first value that differs.
  const start = Math.max(0, shared((words, i) => words[i], least - 1) - 1);
  const end = shared((words, i) => words.at(-1 - i), least - start - 1);
  return split.map((words) => {
    const own = words
      .slice(start, words.length - end)
      .join('')
      .trim();
    return `${start > 0 ? '… ' : ''}${own}${end > 0 ? ' …' : ''}`;
  });
}
