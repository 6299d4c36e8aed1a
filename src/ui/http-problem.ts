// The error of a request that is refused: an HTTP status and one sentence.

/** An error that ends a request with a status and a sentence. */
export class HttpProblem extends Error {
  override name = 'HttpProblem';

  constructor(
    /** HTTP status, 400 and above. */
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}
