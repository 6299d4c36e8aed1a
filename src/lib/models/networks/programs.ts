// Caches the compiled programs of one network, one for each shape of its inputs, and disposes of the oldest.

import { type CompileOptions, compile } from '../../engine/compile.js';
import type { Program, WeightSource } from '../../engine/program.js';
import type { Node } from '../../graph/types.js';

/** Most bytes of weights in the open sessions of one network, which have repacked copies of their weights. */
const KEPT_BYTES = 2 ** 30;
const KEPT_AT_MOST = 4;

/** Programs of one network by the shape of their inputs. */
export interface Programs {
  /** The program for `key`, compiled from `build()` the first time. */
  get(key: string, build: () => Readonly<Record<string, Node>>): Promise<Program>;
  /** The open programs, the latest used last. */
  readonly open: readonly Program[];
  /** Closes all sessions. */
  dispose(): Promise<void>;
}

/** @param bytes memory of the network's weights in float32 */
export function createPrograms(weights: WeightSource, bytes: number, options: CompileOptions): Programs {
  const kept = Math.max(1, Math.min(KEPT_AT_MOST, Math.floor(KEPT_BYTES / Math.max(1, bytes))));
  const programs = new Map<string, Program>();
  // One compilation at a time: two of a large network would need twice its memory.
  let turn: Promise<unknown> = Promise.resolve();
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
  return {
    get: (key, build) =>
      next(async () => {
        const known = programs.get(key);
        if (known) {
          programs.delete(key);
          programs.set(key, known);
          return known;
        }
        while (programs.size >= kept) {
          const [oldest, program] = programs.entries().next().value!;
          programs.delete(oldest);
          await program.dispose();
        }
        const program = await compile(build(), weights, options);
        programs.set(key, program);
        return program;
      }),
    get open() {
      return [...programs.values()];
    },
    dispose: () =>
      next(async () => {
        for (const program of programs.values()) await program.dispose();
        programs.clear();
      }),
  };
}
