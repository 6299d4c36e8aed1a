// What is there already, as a stream.

/** The items one after another, for what reads streams. */
export async function* streamed<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}
