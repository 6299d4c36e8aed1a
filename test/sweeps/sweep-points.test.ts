// The points of a sweep: the order of a grid, the draws of a random search, and relevant settings. Numbers computed by hand.

import { describe, expect, it } from 'vitest';
import { DISTRIBUTIONS, drawValue, gridValues } from '../../src/lib/sweeps/file/distribution.js';
import { parseSweep } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { pointLabel, sweepPoints, varyingSettings } from '../../src/lib/sweeps/file/sweep-points.js';
import { promoted, ranked, rungs } from '../../src/lib/sweeps/points/halving.js';

const sweepOf = (text: string) => parseSweep(`video: a.mp4\nmodel: m\n${text}`, 'sweep.yaml');
const points = (text: string) => sweepPoints(sweepOf(text));

describe('a grid', () => {
  it('varies the last parameter fastest', () => {
    const grid = points(`method: grid
parameters:
  strength: {values: [0.5, 0.4]}
  seed: {min: 1, max: 3}
  guidance: {min: 1, max: 7, distribution: q_uniform, q: 3}`);
    expect(grid.map(({ strength, seed, guidance }) => [strength, seed, guidance])).toEqual(
      [0.5, 0.4].flatMap((strength) =>
        [1, 2, 3].flatMap((seed) => [3, 6].map((guidance) => [strength, seed, guidance])),
      ),
    );
  });

  it('is cut by run_cap', () => {
    expect(points('method: grid\nrun_cap: 2\nparameters: {seed: {values: [3, 2, 1]}}').map(({ seed }) => seed)).toEqual(
      [3, 2],
    );
  });

  it('has no point twice: what does not count for a method is left out', () => {
    const grid = points(`method: grid
parameters:
  method: {values: [img2img, finetune]}
  iterations: {values: [100, 200]}
  train: {values: [lora, all]}
  rank: {values: [4, 8]}`);
    expect(grid.map(({ method, iterations, train, rank }) => [method, iterations, train, rank])).toEqual([
      ['img2img', undefined, undefined, undefined],
      ['finetune', 100, 'lora', 4],
      ['finetune', 100, 'lora', 8],
      ['finetune', 100, 'all', undefined],
      ['finetune', 200, 'lora', 4],
      ['finetune', 200, 'lora', 8],
      ['finetune', 200, 'all', undefined],
    ]);
  });

  it('has the settings that a preset stands for, unless they are given', () => {
    const grid = points('method: grid\nparameters: {preset: {values: [fast, draft]}, steps: {value: 15}}');
    expect(grid.map(({ sampler, steps }) => [sampler, steps])).toEqual([['dpmpp-2m', 15]]);
    const [fast] = points('method: grid\nparameters: {preset: {values: [fast]}}');
    expect(fast).toEqual(points('method: grid\nparameters: {steps: {value: 20}, sampler: {value: dpmpp-2m}}')[0]);
  });

  it('has the estimator of motion where noise moves along another than the first one', () => {
    const grid = points(`method: grid
parameters:
  noise: {values: [fixed, warped]}
  steady: {values: [false, true]}
  flow: {values: [dis, network]}
  key_every: {value: 4}`);
    expect(grid.map(({ noise, steady, flow, key_every }) => [noise, steady, flow, key_every])).toEqual([
      ['fixed', undefined, undefined, undefined],
      ['fixed', true, 'dis', 4],
      ['fixed', true, 'network', 4],
      ['warped', undefined, undefined, undefined],
      ['warped', undefined, 'network', undefined],
      ['warped', true, 'dis', 4],
      ['warped', true, 'network', 4],
    ]);
  });

  it('finetunes where a setting of it is named', () => {
    const method = (text: string) => points(`method: grid\nparameters: {${text}}`)[0].method;
    expect([method('rank: {value: 2}'), method('seed: {value: 2}')]).toEqual(['finetune', 'img2img']);
  });

  it('is refused when it is too large', () => {
    expect(() => points('method: grid\nparameters: {seed: {min: 1, max: 1000000}}')).toThrow(
      /the grid has 1000000 points/,
    );
  });
});

describe('a random search', () => {
  const search = (more: string) =>
    points(`method: random
${more}
parameters:
  strength: {min: 0.2, max: 0.8}
  learning_rate: {min: 1e-6, max: 1e-3, distribution: log_uniform_values}
  seed: {values: [1, 2], probabilities: [0, 1]}`);

  it('is the same each time, and begins alike when it is longer', () => {
    const ten = search('run_cap: 10\nseed: 7');
    expect(search('run_cap: 10\nseed: 7')).toEqual(ten);
    expect(search('run_cap: 20\nseed: 7').slice(0, 10)).toEqual(ten);
    expect(search('run_cap: 10\nseed: 8')).not.toEqual(ten);
    expect(ten.every(({ seed }) => seed === 2)).toBe(true);
  });

  it('draws each parameter on its own: another one beside it changes nothing', () => {
    const draw = (more: string) =>
      points(`method: random\nrun_cap: 5\nparameters:\n  ${more}strength: {min: 0.2, max: 0.8}`).map((p) => p.strength);
    expect(draw('guidance: {min: 1, max: 9}\n  ')).toEqual(draw(''));
  });

  it('ends when there is nothing new', () => {
    expect(points('method: random\nrun_cap: 50\nparameters: {seed: {values: [1, 2, 3]}}')).toHaveLength(3);
  });

  it('says when a draw cannot be', () => {
    const text = 'method: random\nrun_cap: 50\nparameters: {strength: {mu: 0.5, sigma: 3, distribution: normal}}';
    expect(() => points(text)).toThrow(/^parameters.strength: .* was drawn, which strength cannot be/);
  });
});

describe('a distribution', () => {
  const draws = (parameter: object, takesWhole = false) =>
    Array.from({ length: 2000 }, (_, i) => drawValue(parameter, takesWhole, `key ${i}`) as number);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  // Means by integration; four standard errors of 2000 draws are allowed.
  it.each([
    ['uniform', { min: 2, max: 6 }, 4, 0.11],
    ['int_uniform', { min: 2, max: 6 }, 4, 0.13],
    ['q_uniform', { min: 0, max: 1, q: 0.25 }, 0.5, 0.03],
    ['log_uniform', { min: 0, max: 1 }, Math.E - 1, 0.05],
    ['log_uniform_values', { min: 1, max: Math.E }, Math.E - 1, 0.05],
    ['normal', { mu: 3, sigma: 0.5 }, 3, 0.05],
    ['log_normal', { mu: 0, sigma: 0.5 }, Math.exp(0.125), 0.06],
  ] as const)('%s has the mean it should have', (distribution, parameter, expected, error) => {
    const values = draws({ distribution, ...parameter });
    expect(Math.abs(mean(values) - expected)).toBeLessThan(error);
    expect(new Set(values).size).toBeGreaterThan(4);
  });

  it.each(DISTRIBUTIONS.filter((name) => name.startsWith('q_')))('%s gives multiples of q', (distribution) => {
    const range = distribution.includes('normal') ? { mu: 1, sigma: 1 } : { min: 1, max: 3 };
    for (const value of draws({ distribution, q: 0.1, ...range })) {
      expect(String(value).replace('-', '')).toMatch(/^\d+(\.\d)?$/);
    }
  });

  it('of chances follows them', () => {
    const values = draws({ values: [10, 20], probabilities: [1, 3] });
    // 1500 of 2000 are expected; the standard deviation is 19.
    expect(Math.abs(values.filter((value) => value === 20).length - 1500)).toBeLessThan(80);
  });

  it('in a grid lists what can be listed', () => {
    expect(gridValues({ min: 0.25, max: 0.5, q: 0.1, distribution: 'q_uniform' }, false)).toEqual([0.3, 0.4, 0.5]);
    expect(gridValues({ min: 0, max: 1 }, false)).toBeNull();
  });
});

describe('labels', () => {
  it('name what differs', () => {
    const grid = points(
      'method: grid\nparameters: {strength: {values: [0.5, 0.4]}, steps: {value: 9}, noise_draw: {values: [1, 2]}}',
    );
    const varying = varyingSettings(grid);
    expect(varying).toEqual(['strength', 'noise_draw']);
    expect(pointLabel(grid[1], varying)).toBe('strength 0.5, noise draw 2');
    expect(pointLabel(grid[0], [])).toBe('the only point');
    const control = '{kind: canny, path: nets/edges, scale: 0.8, end: 0.5}';
    const [off, on] = points(`method: grid\nparameters: {controls: {values: [[], [${control}]]}}`);
    expect(pointLabel(off, ['controls'])).toBe('controls none');
    expect(pointLabel(on, ['controls'])).toBe('controls canny=edges:0.8:0-0.5');
  });
});

describe('successive halving', () => {
  it('has rungs as W&B places them', () => {
    expect(rungs({ type: 'hyperband', min_iter: 100, eta: 2 }, 1000)).toEqual([100, 200, 400, 800]);
    expect(rungs({ type: 'hyperband', min_iter: 100, eta: 2, s: 2 }, 1000)).toEqual([100, 200]);
    expect(rungs({ type: 'hyperband', min_iter: 3 }, 81)).toEqual([3, 9, 27]);
    expect(rungs({ type: 'hyperband', max_iter: 27, s: 2 }, 100)).toEqual([3, 9]);
  });

  it('lets one in eta go on', () => {
    expect([9, 3, 2, 1].map((count) => promoted(count, 3))).toEqual([3, 1, 1, 1]);
  });

  it('ranks by the goal, ties in order, those without a value last', () => {
    const values: Record<string, number | null> = { a: null, b: 2, c: 1, d: 2 };
    const order = (goal: 'minimize' | 'maximize') => ranked(Object.keys(values), (name) => values[name], goal).join('');
    expect([order('minimize'), order('maximize')]).toEqual(['cbda', 'bdca']);
  });
});
