// Concurrent work on the items of a stream, with results in order.

/**
 * Applies `work` to each item, at most `ahead` of them at once, and yields the results in the items' order.
 * `ahead` items are in memory. When the consumer stops or something fails, the rest is awaited and the source closed.
 */
export async function* mapInOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  ahead: number,
  work: (item: T, index: number) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const pending: Promise<R>[] = [];
  let index = 0;
  try {
    for await (const item of items) {
      const result = work(item, index++);
      result.catch(() => {}); // thrown below, in order
      pending.push(result);
      if (pending.length >= ahead) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}
