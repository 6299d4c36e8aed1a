// A request that cannot be answered as it wishes: its status and one sentence, thrown wherever that is found out.

/** Ends a request with a status and a sentence. */
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
