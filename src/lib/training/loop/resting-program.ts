// A compiled loss that frees its memory between two runs: for networks beside whose training nothing else fits.

import type { GradientProgram } from './gradient-program.js';

/** A program that is compiled when it is run, and stays compiled until it rests. */
export interface RestingProgram extends GradientProgram {
  /** Closes what is compiled; the next run compiles it again. */
  rest(): Promise<void>;
}

/** A resting program; `open` compiles it, at the first run. */
export function restingProgram(open: () => Promise<GradientProgram>): RestingProgram {
  let awake: GradientProgram | undefined;
  const rest = async (): Promise<void> => {
    const program = awake;
    awake = undefined;
    await program?.dispose();
  };
  return {
    async run(inputs, trained, consume) {
      awake ??= await open();
      return awake.run(inputs, trained, consume);
    },
    rest,
    dispose: rest,
  };
}
