// Existing items as a stream.

/** Yields the items in order, for readers of streams. */
export async function* streamed<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}
