import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import type { Progress } from '../../src/lib/base/progress.js';
import { type Measured, measure } from '../../src/lib/metrics/measure.js';
import { METRICS, type Measurement, type MetricName, type MetricValue } from '../../src/lib/metrics/measurement.js';
import { type MetricsOptions, metrics } from '../../src/lib/metrics/metrics.js';
import type { Motion } from '../../src/lib/metrics/pair-motions.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { hasPack, packNote, packPath } from '../reference/pack.js';
import { stopAfter } from '../stop-after.js';
import { FIXTURE, flowsOf, framesOf, readJson, readTensors } from './stored-shot.js';

const stored = await readTensors(`${FIXTURE}shot.safetensors`);
// Computed with NumPy, OpenCV 5.0.0 and scikit-image 0.26.0 by fixtures/make_fixture.py.
const expected: { source: Measurement; output: Measurement } = readJson(`${FIXTURE}expected.json`);
const source = framesOf(stored.source);
const output = framesOf(stored.output);
const motions = flowsOf(stored.forward).map((forward, t) => ({ forward, backward: flowsOf(stored.backward)[t] }));
const motion = (t: number): Motion => motions[t];

async function* stream(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}

function flat(width: number, height: number, value: number): Frame {
  return { width, height, data: new Uint8Array(3 * width * height).fill(value) };
}

function expectClose(
  actual: readonly MetricValue[],
  wanted: readonly MetricValue[],
  relative: number,
  name: string,
): void {
  expect(actual.length, name).toBe(wanted.length);
  wanted.forEach((value, t) => {
    expect(Math.abs(actual[t]! - value!), `${name}[${t}]`).toBeLessThanOrEqual(relative * Math.abs(value!));
  });
}

/** Not a metric along other motions than Farneback's: those are in motions.test.ts. */
const isOfFixture = (name: string): boolean => !/_dis|long_range/.test(name);

function expectMeasurement(actual: Measurement, wanted: Measurement, relative: number): void {
  const names = Object.keys(wanted.means) as MetricName[];
  expect(Object.keys(actual.means).filter(isOfFixture)).toEqual(names);
  expect(Object.keys(actual.curves).filter(isOfFixture)).toEqual(names);
  for (const name of names) {
    expectClose([actual.means[name]!], [wanted.means[name]!], relative, name);
    expectClose(actual.curves[name]!, wanted.curves[name]!, relative, name);
  }
}

describe('measure', () => {
  it('gives the expected means and curves from the stored flow', async () => {
    const measured = await measure(stream(source), { edit: stream(output) }, { motion });
    expect(measured.frames).toBe(4);
    expectMeasurement(measured.source, expected.source, 1e-6);
    expectMeasurement(measured.outputs.edit, expected.output, 1e-6);
  });

  it('gives them from its own flow', async () => {
    const measured = await measure(stream(source), { edit: stream(output) });
    expectMeasurement(measured.source, expected.source, 1e-3);
    expectMeasurement(measured.outputs.edit, expected.output, 1e-3);
  });

  it('measures each output as if it were alone, from streams and arrays alike', async () => {
    const reversed = [...output].reverse();
    const together = await measure(
      stream(source),
      { edit: output, reversed: stream(reversed), same: source },
      { motion },
    );
    const alone = await measure(source, { reversed }, { motion });
    expect(together.outputs.reversed).toEqual(alone.outputs.reversed);
    expectMeasurement(together.outputs.edit, expected.output, 1e-6);
    expect(together.source).toEqual(alone.source);
    const { edit_strength, psnr, ssim_gaussian, ...floors } = together.outputs.same.means;
    expect({ edit_strength, psnr, ssim_gaussian }).toEqual({ edit_strength: 0, psnr: Infinity, ssim_gaussian: 1 });
    expect(floors.tof).toBeLessThan(1e-5);
    expect({ ...floors, tof: 0 }).toEqual(together.source.means);
  });

  it('has curves as long as METRICS says, that average to the means', async () => {
    const still = { flow: motions[0].forward, visible: new Uint8Array(48 * 32).fill(1) };
    const weights = Float32Array.from({ length: 48 * 32 }, (_, i) => Number(i % 3 === 0));
    const known = { trueMotion: () => still, mask: async () => weights };
    const { outputs } = await measure(source, { output }, { motion, ...known });
    for (const [name, { frames }] of Object.entries(METRICS) as [MetricName, (typeof METRICS)[MetricName]][]) {
      const curve = outputs.output.curves[name]!;
      expect(curve.length, name).toBe(source.length - frames + 1);
      const mean = curve.reduce<number>((sum, value) => sum + value! / curve.length, 0);
      expect(mean, name).toBeCloseTo(outputs.output.means[name]!, 10);
    }
    // A third of the pixels is inside.
    const { edit_strength: all, edit_strength_inside: inside, edit_strength_outside: outside } = outputs.output.means;
    expect((inside! + 2 * outside!) / 3).toBeCloseTo(all!, 10);
    expect(inside).not.toBeCloseTo(outside!, 3);
  });

  it('reports each frame and asks for the motion of each pair once', async () => {
    const heard: Progress[] = [];
    const asked: number[] = [];
    await measure(
      source,
      { a: output, b: output },
      {
        motion: (t, from, to) => {
          expect([from, to]).toEqual([source[t], source[t + 1]]);
          asked.push(t);
          return motions[t];
        },
        expectedFrames: 3,
        onProgress: (progress) => heard.push(progress),
      },
    );
    expect(heard).toEqual(
      [
        [1, 3],
        [2, 3],
        [3, 3],
        [4, 4],
      ].map(([done, total]) => ({ done, total, label: 'measuring' })),
    );
    expect(asked).toEqual([0, 1, 2]);
  });

  it('refuses a motion of another size', async () => {
    const flow = { width: 1, height: 1, data: new Float32Array(2) };
    const wrong = measure(source, { output }, { motion: () => ({ forward: flow, backward: flow }) });
    await expect(wrong).rejects.toThrow('1x1 flow for 48x32 frames');
  });
});

describe('undefined values', () => {
  it('are null for pairs in a video of one frame, and the others are computed', async () => {
    const trueMotion = () => expect.unreachable();
    const { frames, source: floor, outputs } = await measure([source[0]], { output: [output[0]] }, { trueMotion });
    expect(frames).toBe(1);
    for (const [name, description] of Object.entries(METRICS) as [MetricName, (typeof METRICS)[MetricName]][]) {
      const { means, curves } = outputs.output;
      if (description.of === 'mask') expect(name in means, name).toBe(false);
      else if (description.frames > 1) {
        expect([means[name], curves[name]], name).toEqual([null, []]);
        expect([floor.means[name], floor.curves[name]], name).toEqual([null, []]);
      } else expectClose([means[name]!], [expected.output.curves[name]![0]], 1e-6, name);
    }
  });

  it('are null for ratios to a source that stands still', async () => {
    const still = [source[0], source[0], source[0]];
    const { source: floor, outputs } = await measure(still, { output: output.slice(0, 3) });
    expect(floor.means).toMatchObject({ frame_difference: 0, flicker_ratio: null, contrast_normalised_flicker: null });
    expect(outputs.output.means).toMatchObject({ flicker_ratio: null, contrast_normalised_flicker: null });
    expect(outputs.output.curves.flicker_ratio).toEqual([null, null]);
    expect(outputs.output.means.frame_difference).toBeCloseTo(
      (expected.output.curves.frame_difference![0]! + expected.output.curves.frame_difference![1]!) / 2,
      9,
    );
  });

  it('are null for the contrast of black frames and for SSIM of tiny ones', async () => {
    const tiny = [flat(10, 20, 0), flat(10, 20, 0)];
    const { outputs } = await measure(tiny, { output: [flat(10, 20, 0), flat(10, 20, 9)] });
    expect(outputs.output.means).toMatchObject({
      frame_difference: 9,
      standard_deviation: 0,
      warping_error_normalised: null,
      warping_error_dis: null,
      long_range_drift: null,
      contrast_normalised_flicker: null,
      edit_strength: 4.5,
      psnr: Infinity,
      ssim_gaussian: null,
    });
  });

  it('are null in JSON, as is the infinite PSNR of an identical picture', async () => {
    const { outputs } = await measure([source[0]], { same: [source[0]] });
    const read = JSON.parse(JSON.stringify(outputs.same));
    expect(read.means).toMatchObject({ psnr: null, ssim_gaussian: 1, edit_strength: 0, tof: null });
    expect(read.curves.psnr).toEqual([null]);
  });
});

describe('metrics', () => {
  it('without a source leaves out what needs one', async () => {
    const alone = await metrics(stream(output));
    const names = (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].of === 'alone');
    expect(alone).not.toHaveProperty('source');
    expect(alone.frames).toBe(4);
    const { means, curves } = expected.output;
    const pick = <T>(from: Partial<Record<MetricName, T>>) =>
      Object.fromEntries(names.map((name) => [name, from[name]]));
    expectMeasurement(alone.output, { means: pick(means), curves: pick(curves) }, 1e-12);
  });

  it('with a source gives what measure gives', async () => {
    const { outputs, source: floor } = await measure(source, { output }, { motion });
    expect(await metrics(source, output, { motion })).toEqual({ frames: 4, output: outputs.output, source: floor });
  });
});

describe('a signal', () => {
  it('stops both after the current frame, with its reason', async () => {
    for (const run of [
      (options: MetricsOptions) => measure(source, { output }, { motion, ...options }),
      (options: MetricsOptions) => metrics(output, options),
    ]) {
      const { heard, ...hooks } = stopAfter(2);
      await expect(run(hooks)).rejects.toThrow('enough');
      expect(heard.map(({ done }) => done)).toEqual([1, 2]);
      await expect(run(hooks)).rejects.toThrow('enough');
      expect(heard).toHaveLength(2);
    }
  });
});

describe('videos that do not belong together', () => {
  const rejects = async (promise: Promise<unknown>, text: string): Promise<void> => {
    await expect(promise).rejects.toThrow(UsageError);
    await expect(promise).rejects.toThrow(text);
  };

  it('are refused with both lengths', async () => {
    await rejects(
      measure(source, { a: output, b: stream(output.slice(1)) }, { motion }),
      'output b has 3 frames but the source has 4',
    );
    await rejects(metrics(source.slice(0, 2), stream(output)), 'the source has 2 frames but output output has 4');
    await rejects(measure(source, { none: [] }), 'output none has 0 frames but the source has 4');
  });

  it('are refused with both sizes', async () => {
    await rejects(measure(source, { small: [flat(24, 16, 0)] }), 'output small is 24x16 but the source is 48x32');
    await rejects(metrics([flat(2, 2, 0), flat(2, 3, 0)]), 'changes its size from 2x2 to 2x3 at frame 1');
    await rejects(metrics([{ width: 2, height: 2, data: new Uint8Array(4) }]), '2x2 but came with 4 bytes');
  });

  it('are refused when empty or passed twice', async () => {
    await rejects(measure([], {}), 'the source has no frames');
    const once = stream(source);
    await rejects(measure(once, { same: once }), 'passed as two videos');
  });

  it('are closed, and the first error is the one that is thrown', async () => {
    const closed: string[] = [];
    async function* watched(name: string, frames: readonly Frame[], fails = false): AsyncGenerator<Frame> {
      try {
        yield* frames;
        if (fails) throw new Error('the disk went away');
      } finally {
        closed.push(name);
      }
    }
    const broken = measure(
      watched('source', source),
      { a: watched('a', source.slice(0, 1), true), b: watched('b', source) },
      { motion },
    );
    await expect(broken).rejects.toThrow('the disk went away');
    expect(closed.sort()).toEqual(['a', 'b', 'source']);
    closed.length = 0;
    const interrupted = measure(
      watched('source', source),
      { a: watched('a', output) },
      {
        onProgress: () => {
          throw new Error('enough');
        },
      },
    );
    await expect(interrupted).rejects.toThrow('enough');
    expect(closed.sort()).toEqual(['a', 'source']);
  });
});

describe.skipIf(!hasPack)(`the reference pack${packNote}`, () => {
  const check = async (options: Parameters<typeof measure>[2], relative: number): Promise<Measured<'output'>> => {
    const reference = await readTensors(packPath('metrics', 'clip.safetensors'));
    const values = readJson(packPath('metrics', 'expected.json'));
    const measured = await measure(framesOf(reference.source), { output: framesOf(reference.output) }, options);
    for (const [actual, wanted] of [
      [measured.source.means, values.source],
      [measured.outputs.output.means, values.output],
    ]) {
      for (const name of Object.keys(wanted) as MetricName[])
        expectClose([actual[name]], [wanted[name]], relative, name);
      const stored = (name: string): boolean => name !== 'standard_deviation' && isOfFixture(name);
      expect(Object.keys(actual).filter(stored)).toEqual(Object.keys(wanted));
    }
    return measured;
  };

  it('is met within 1e-6 with the stored flow', async () => {
    const reference = await readTensors(packPath('metrics', 'clip.safetensors'));
    const forward = flowsOf(reference.flow);
    const backward = flowsOf(reference.backward_flow);
    await check({ motion: (t) => ({ forward: forward[t], backward: backward[t] }) }, 1e-6);
  });

  it('is met within 1e-3 with the own flow', async () => {
    await check({}, 1e-3);
  });
});
