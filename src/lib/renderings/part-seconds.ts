// How long the parts of a rendering take on this machine: those that are asked for are run and timed on two frames of the video.

import { isCut } from '../consistency/cuts.js';
import { motionBy } from '../consistency/motion.js';
import { decodeFrame, encodeFrame, type RestyleOptions, restyleLatents } from '../diffusion/restyle.js';
import { mapsOf } from '../diffusion/seen-frames.js';
import { measure } from '../metrics/measure.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { guidanceKeys } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER, STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { Video } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';

/** Each runs a part, and gives its seconds. */
export interface PartSeconds {
  encode(): Promise<number>;
  /** One pass of a batch. */
  pass(): Promise<number>;
  decode(): Promise<number>;
  /** The motion between two frames, both ways. */
  motion(): Promise<number>;
  /** The metrics of a frame of one rendering. */
  measure(): Promise<number>;
}

/** Options of timing parts: how frames are rendered. */
export type TimedOptions = Omit<RestyleOptions, 'strength' | 'onStep'> & OptionsOf<typeof STEADY>;

/** The first two frames, or a single one twice. */
async function firstFrames(video: Video): Promise<[Frame, Frame]> {
  let first: Frame | undefined;
  for await (const frame of framesOf(video, {})) {
    if (first) return [first, isCut(first, frame) ? first : frame];
    first = frame;
  }
  return [first!, first!];
}

/** The parts of a rendering of a video, at its size. */
export async function partSeconds(model: Model, video: Video, options: TimedOptions): Promise<PartSeconds> {
  const [first, second] = await firstFrames(video);
  const { batch } = withDefaults(RENDER, options);
  const { flow } = withDefaults(STEADY, options);
  const latent = await encodeFrame(model, first);
  const rows = Array.from({ length: batch }, () => latent);
  const step = {
    ...options,
    strengthSchedule: undefined,
    // With guidance wherever some frame has it, which takes twice as long.
    guidanceSchedule: undefined,
    guidanceScale: Math.max(...guidanceKeys(withDefaults(RENDER, options)).map(({ value }) => value)),
    sampler: 'ddim',
    steps: 1,
    strength: 1,
    noise: 'fixed',
    anchor: 'none',
    adain: 0,
  } as const;
  // A pass takes the same time whatever controls see.
  const maps = new Map(mapsOf(model).map((path) => [path, first]));
  const seen = rows.map(() => ({ frame: first, maps, previous: first }));
  const pass = () => restyleLatents(model, rows, 0, { ...step, seen, times: rows.map(() => 0) });
  // Frames of their own, because motions of the same ones are remembered.
  const numbered = (frame: Frame, index: number) => ({ index, frame });
  const motion = () => motionBy(flow)(numbered(first, 0), numbered(second, 1));
  const both = async function* () {
    yield* [first, second];
  };
  return {
    encode: () => secondsOf(() => encodeFrame(model, first)),
    pass: () => secondsOf(pass),
    decode: () => secondsOf(() => decodeFrame(model, latent)),
    motion: () => secondsOf(motion),
    measure: async () => (await secondsOf(() => measure(both(), { output: both() }))) / 2,
  };
}

/** Seconds of a run after a first one, which also prepares: the median of several short ones. */
async function secondsOf(run: () => unknown): Promise<number> {
  await run();
  const seconds: number[] = [];
  while (seconds.length === 0 || (seconds.length < 5 && seconds[0] < 0.5)) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)];
}
