// A compiled loss that can free its memory between runs, for networks whose training leaves no memory for other work.

import type { GradientProgram } from './gradient-program.js';

/** A program that is compiled at the first run, and stays compiled until `rest`. */
export interface RestingProgram extends GradientProgram {
  /** Closes the compiled program; the next run compiles it again. */
  rest(): Promise<void>;
}

/** Creates a resting program; `open` compiles it, at the first run. */
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
