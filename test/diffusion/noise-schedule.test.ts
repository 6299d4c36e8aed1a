// Noise schedules and prediction formulas against diffusers 0.42.1 and PyTorch 2.13.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { sha256 } from '../../src/lib/base/hash.js';
import { createGenerator } from '../../src/lib/base/random.js';
import { assertGuidance, combine, rescale } from '../../src/lib/diffusion/guidance.js';
import {
  levelAt,
  levelOfSigma,
  noiseSchedule,
  STABLE_DIFFUSION_SCHEDULE,
} from '../../src/lib/diffusion/noise-schedule.js';
import { epsilonFromX0, noised, type PredictionType, predictions } from '../../src/lib/diffusion/prediction.js';

const bits = (values: Float32Array) => sha256(new Uint8Array(values.buffer));

describe('noiseSchedule', () => {
  // s = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"); sha256 of s.betas.numpy().tobytes()
  // and of s.alphas_cumprod; "linear" with diffusers' default betas. The last five: ((1 - a) / a) ** 0.5 of a =
  // s.alphas_cumprod[[0, 1, 421, 500, 999]]: PyTorch's vectorised square root may be off by the last bit.
  it.each([
    [
      'scaled_linear',
      STABLE_DIFFUSION_SCHEDULE,
      'f19a556ef5f4eb086a5f0fe99c2fbd38caada7cf582b7d5441fabce01ed0b768',
      'b0c6833c866f3aae5d58606971a4297931251d8ed9c31d9a8b849e13ca14e3b6',
      [0.0291675329, 0.041314479, 1.24731743, 1.6182797, 14.6146469],
    ],
    [
      'linear',
      { trainTimesteps: 1000, betaSchedule: 'linear', betaStart: 0.0001, betaEnd: 0.02 } as const,
      'a455de8584c2913e90719b1668c1a4eb0d1e08d8614ad8edaefd5b5f8e5eb140',
      'b5555536933367c4ad73b4e972e1701b8cf631f368d370f1f05c23c5881f1994',
      [0.0100013297, 0.014832044, 2.26991391, 3.44296741, 157.407272],
    ],
  ])('has the very bits of PyTorch: %s', (_name, config, betas, alphasCumprod, sigmas) => {
    const schedule = noiseSchedule(config);
    expect([bits(schedule.betas), bits(schedule.alphasCumprod)]).toEqual([betas, alphasCumprod]);
    for (const [i, t] of [0, 1, 421, 500, 999].entries()) {
      expect(Math.abs(schedule.sigmas[t] / sigmas[i] - 1)).toBeLessThan(2e-7);
    }
  });

  it('rescales to zero signal at the end as diffusers does', () => {
    // EulerDiscreteScheduler(..., rescale_betas_zero_snr=True).alphas_cumprod[[0, 1, 421, 500, 999]]
    const { alphasCumprod } = noiseSchedule({ ...STABLE_DIFFUSION_SCHEDULE, rescaleZeroSnr: true });
    const wanted = [0.999149978, 0.998233497, 0.357717127, 0.241018549, 5.96046448e-8];
    for (const [i, t] of [0, 1, 421, 500, 999].entries()) {
      expect(Math.abs(alphasCumprod[t] - wanted[i])).toBeLessThan(1e-7);
    }
  });

  it('takes trained betas', () => {
    // DDIMScheduler(trained_betas=[0.1, 0.2, 0.3, 0.4]).alphas_cumprod
    const schedule = noiseSchedule({ ...STABLE_DIFFUSION_SCHEDULE, trainedBetas: [0.1, 0.2, 0.3, 0.4] });
    expect([...schedule.alphasCumprod]).toEqual([0.899999976, 0.719999969, 0.504000008, 0.302399993].map(Math.fround));
  });

  it.each([
    // diffusers' formulas (betas_for_alpha_bar; the logistic curve of DDPMScheduler) in double precision, from Python.
    ['squaredcos_cap_v2', [0.999958716, 0.999912576, 0.614392286, 2.42876691e-6, 2.42876691e-9]],
    ['sigmoid', [0.99912243, 0.998245299, 0.514802506, 0.00158969953, 0.00157066696]],
  ] as const)('knows the beta schedule %s', (betaSchedule, wanted) => {
    const { alphasCumprod } = noiseSchedule({ ...STABLE_DIFFUSION_SCHEDULE, betaSchedule });
    for (const [i, t] of [0, 1, 421, 998, 999].entries()) {
      expect(Math.abs(alphasCumprod[t] / wanted[i] - 1)).toBeLessThan(1e-4);
    }
  });

  it('may end without noise', () => {
    const schedule = noiseSchedule({ ...STABLE_DIFFUSION_SCHEDULE, setAlphaToOne: true });
    expect(levelAt(schedule, -1)).toEqual({ signal: 1, noise: 0 });
    expect(levelAt(schedule, 0)).toEqual(levelAt(noiseSchedule(), 0));
  });

  it('refuses betas outside (0, 1)', () => {
    expect(() => noiseSchedule({ ...STABLE_DIFFUSION_SCHEDULE, betaEnd: 2 })).toThrow(/beta \d+ is 1\.\d+, expected/);
    expect(() => noiseSchedule({ ...STABLE_DIFFUSION_SCHEDULE, trainTimesteps: 0 })).toThrow(UsageError);
  });

  it('has the level of timestep 0 below it, and none beyond its end', () => {
    const schedule = noiseSchedule();
    expect(levelAt(schedule, -19)).toEqual(levelAt(schedule, 0));
    expect(() => levelAt(schedule, 1000)).toThrow('there is no timestep 1000, expected a whole one up to 999');
    const level = levelAt(schedule, 421);
    const same = levelOfSigma(level.noise / level.signal);
    expect(same.signal).toBeCloseTo(level.signal, 14);
    expect(same.noise).toBeCloseTo(level.noise, 14);
  });
});

describe('predictions', () => {
  const generator = createGenerator(1);
  const z0 = generator.randn(64);
  const noise = generator.randn(64);
  const schedule = noiseSchedule();
  const close = (actual: Float32Array, wanted: Float32Array, tolerance: number) =>
    expect(actual.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0)).toBeLessThan(tolerance);

  it.each<PredictionType>(['epsilon', 'v_prediction'])(
    '%s: the target stands for the z0 and the noise it was made of',
    (type) => {
      for (const timestep of [0, 37, 480, 999]) {
        const level = levelAt(schedule, timestep);
        const x = noised(z0, noise, level);
        const target = predictions[type].target(z0, noise, level);
        // Rounding of x to single precision, 6e-8 of values below 4, is divided by signal (0.068 at 999) or noise.
        close(predictions[type].toX0(target, x, level), z0, 1e-5);
        close(predictions[type].toEpsilon(target, x, level), noise, 1e-5);
        close(epsilonFromX0(z0, x, level), noise, 2e-5);
      }
    },
  );

  it('has the v of diffusers', () => {
    // DDIMScheduler(...).get_velocity(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 3.0]), torch.tensor([421]))
    const v = predictions.v_prediction.target(Float32Array.of(1, -2), Float32Array.of(0.5, 3), levelAt(schedule, 421));
    close(v, Float32Array.of(-0.467456937, 3.43696666), 1e-6);
  });
});

describe('combine', () => {
  it('moves from the unconditional prediction through the conditional one', () => {
    const u = Float32Array.of(1, -2, 0.5);
    const c = Float32Array.of(2, -1, 0.25);
    expect([...combine(u, c, 7.5)]).toEqual([8.5, 5.5, -1.375]);
    expect(combine(u, c, 1)).toEqual(c);
    expect(combine(u, c, 0)).toEqual(u);
  });

  it('refuses predictions of two lengths', () => {
    expect(() => combine(new Float32Array(3), new Float32Array(4), 1)).toThrow('has 4 elements, expected 3');
  });
});

describe('rescale', () => {
  // By hand: deviations 2 and 4 about the means, so that the share 0.7 gives 1 - 0.7 + 0.7 / 2.
  const conditional = Float32Array.of(1, 2, 3, 4, 0, 0, 4, 4);
  const guided = Float32Array.of(2, 4, 6, 8, 0, 0, 4, 4);

  it('brings each row back to the deviation of its conditional prediction, as far as the share says', () => {
    const rescaled = [...rescale(guided, conditional, { rows: 2, share: 0.7 })];
    [1.3, 2.6, 3.9, 5.2, 0, 0, 4, 4].forEach((value, i) => {
      expect(rescaled[i]).toBeCloseTo(value, 6);
    });
    expect([...rescale(guided, conditional, { rows: 2, share: 1 })]).toEqual([...conditional]);
    expect(rescale(guided, conditional, { rows: 2, share: 0 })).toBe(guided);
  });

  it('leaves a prediction without deviation alone', () => {
    const flat = new Float32Array(4).fill(2);
    expect(rescale(flat, conditional.subarray(0, 4), { rows: 1, share: 1 })).toEqual(flat);
  });

  it('takes shares from 0 to 1', () => {
    for (const share of [-0.1, 1.1, Number.NaN]) {
      const settings = { negativePrompt: '', guidanceScale: 7.5, guidanceRescale: share, guidanceUntil: 1 };
      expect(() => assertGuidance(settings, false)).toThrow(`guidance rescale: ${share} is not a number from 0 to 1`);
    }
  });

  it('refuses what has no meaning for a network that takes the scale as an input', () => {
    const settings = { negativePrompt: '', guidanceScale: 7.5, guidanceRescale: 0, guidanceUntil: 1 };
    assertGuidance(settings, true);
    for (const [name, setting] of Object.entries({
      'negative prompt': { negativePrompt: 'blurred' },
      'guidance rescale': { guidanceRescale: 0.7 },
      'guidance until': { guidanceUntil: 0.5 },
    })) {
      assertGuidance({ ...settings, ...setting }, false);
      expect(() => assertGuidance({ ...settings, ...setting }, true)).toThrow(`${name}: this model takes the guidance`);
    }
  });
});
