// Runs the command in the test's process and returns its output.

import { runCli } from '../../src/cli/run.js';

/** The output of a run of the command. */
export interface Outcome {
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
  /** Standard output, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every command
  readonly json: () => any;
}

/** Runs `steadyframe` with arguments; `onErr` is called with every piece of standard error. */
export async function steadyframe(
  args: readonly string[],
  options: { env?: Record<string, string>; signal?: AbortSignal; onErr?: (text: string) => void } = {},
): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: (text) => {
      out += text;
    },
    err: {
      write: (text) => {
        err += text;
        options.onErr?.(text);
      },
    },
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  });
  return {
    code,
    out,
    err,
    json: () => JSON.parse(out),
  };
}
