// Resources that must be closed, in the form of `await using`.

// TypeScript before 5.2 (the notebooks' compiler) lacks this symbol; later versions and @types/node declare it identically.
declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** A resource that must be closed: `await using thing = ...` closes it at the end of the block, also after an error. */
export interface Closable {
  [Symbol.asyncDispose](): Promise<void>;
}
