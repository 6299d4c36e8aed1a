// What has to be closed, in the form that `await using` knows.

// TypeScript before 5.2 (the notebooks' compiler) has no such symbol; later ones and @types/node declare it in the same words.
declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** Something that has to be closed: `await using thing = ...` does so at the end of the block, however it comes. */
export interface Closable {
  [Symbol.asyncDispose](): Promise<void>;
}
