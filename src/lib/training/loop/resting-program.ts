// A compiled loss that gives its memory back between two runs: for networks beside whose training nothing else has room.

import type { GradientProgram } from './gradient-program.js';

/** A program that is compiled when it is run, and stays so until it rests. */
export interface RestingProgram extends GradientProgram {
  /** Closes what is compiled; the next run compiles anew. */
  rest(): Promise<void>;
}

/** Makes such a program of what compiles one; nothing is compiled yet. */
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
