// Items as a stream.

/** Yields the items in order, for readers of streams. */
export async function* streamed<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}
