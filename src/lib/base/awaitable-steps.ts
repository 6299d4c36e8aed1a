// Work in steps that also has a result: `await` returns the result, `for await` yields the steps.

import { FailureError } from './errors.js';

/**
 * Work that can be awaited and iterated. It starts when it is first awaited or iterated, and is done once: an `await` runs
 * all remaining steps, an `await` after a loop returns the result of the same work, and a loop after that has no steps.
 *
 * Leaving a loop early ends the work, and awaiting it then rejects. After an error, awaiting rejects with that error.
 */
export interface AwaitableSteps<Step, Result> extends AsyncIterable<Step>, Promise<Result> {}

/**
 * Makes a generator awaitable.
 *
 * @param name the work's name in the error about a loop that was left
 */
export function awaitableSteps<Step, Result>(
  name: string,
  generator: AsyncGenerator<Step, Result, undefined>,
): AwaitableSteps<Step, Result> {
  let outcome: { readonly result: Result } | { readonly error: unknown } = {
    error: new FailureError(`${name}: its loop was left before the last step, so that there is no result; resume it`),
  };
  const steps = observed();
  let result: Promise<Result> | undefined;
  // Created on demand, so that work that is only iterated leaves no unhandled rejection.
  const settled = (): Promise<Result> => {
    result ??= finish();
    return result;
  };
  return {
    [Symbol.asyncIterator]: () => steps,
    [Symbol.toStringTag]: 'AwaitableSteps',
    // biome-ignore lint/suspicious/noThenProperty: it is awaited for its result
    then: (onResult, onError) => settled().then(onResult, onError),
    catch: (onError) => settled().catch(onError),
    finally: (onEnd) => settled().finally(onEnd),
  };

  async function* observed(): AsyncGenerator<Step, void, undefined> {
    try {
      outcome = { result: yield* generator };
    } catch (error) {
      outcome = { error };
      throw error;
    }
  }

  async function finish(): Promise<Result> {
    for await (const _ of steps);
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  }
}
