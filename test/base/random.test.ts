// Random numbers against PyTorch 2.13. Values were printed by, e.g.,
//   python -c "import torch; g = torch.Generator().manual_seed(42); torch.randn(1, 4, 8, 12, generator=g); print(torch.randn(1, 4, 8, 12, generator=g))"

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { createGenerator } from '../../src/lib/base/random.js';
import { randn } from '../../src/lib/tensor/randn.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote } from '../reference/pack.js';

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  const worst = Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
  expect(worst).toBeLessThan(1e-6);
}

describe.skipIf(!hasPack)(`randn against the reference pack${packNote}`, () => {
  it('gives the numbers of torch.randn for every stored seed and shape', async () => {
    const pack = await expectedTensors('.', 'randn.safetensors');
    expect(Object.keys(pack).length).toBe(24);
    for (const [key, wanted] of Object.entries(pack)) {
      const [seed, shape] = key.split('/');
      const actual = randn(Number(seed), shape.split('x').map(Number));
      expect(actual.shape).toEqual(wanted.shape);
      expectClose(actual.data, (wanted as Tensor<'float32'>).data);
    }
  });
});

describe('randn', () => {
  it('gives the second draw of a seed, which PyTorch img2img pipelines take as noise', () => {
    const noise = randn(42, [1, 4, 8, 12], { draw: 2 });
    const ends = [...noise.data.subarray(0, 6), ...noise.data.subarray(-2)];
    expectClose(
      ends,
      [0.666373789, -0.0742645636, -0.20960483, 0.166321322, 1.47030377, -0.939086676, -0.429821819, 0.576158762],
    );
  });

  it('gives the second draw of a size that is no multiple of 16, and of one below 16', () => {
    // g.manual_seed(42); torch.randn(1, 3, 2, 3, generator=g) twice; then the same with torch.randn(5, generator=g).
    expectClose(
      randn(42, [1, 3, 2, 3], { draw: 2 }).data,
      [
        -0.223365918, 1.71736145, -0.48799172, 1.19136906, -0.81400764, -0.735992789, -0.837124646, -0.922390044,
        1.8113178, 0.160564929, -0.0978068933, 1.844594, -1.18453741, 1.38354933, -1.20244563, 0.70781225, -1.07588589,
        0.535654664,
      ],
    );
    expectClose(randn(42, [5], { draw: 2 }).data, [-0.186328292, 2.20820141, -0.637997031, 0.461657226, 0.267350882]);
  });

  it('takes negative and 64-bit seeds as torch.Generator does', () => {
    // torch.Generator().manual_seed(-1) and manual_seed(2**63 + 5), torch.randn(3).
    expectClose(randn(-1, [3]).data, [1.21976304, -0.392979473, 1.0230751]);
    expectClose(randn(2n ** 63n + 5n, [3]).data, [-0.486780763, -0.603821576, -0.55809623]);
  });

  it('makes scalars and empty tensors', () => {
    expect(randn(0, []).data.length).toBe(1);
    expect(randn(0, [0, 4]).data.length).toBe(0);
  });

  it('refuses what is no seed, shape or draw', () => {
    expect(() => randn(1.5, [4])).toThrow(UsageError);
    expect(() => randn(2 ** 60, [4])).toThrow('pass an integer below 2^53 or a bigint');
    expect(() => randn(1, [4, -1])).toThrow('shape [4, -1] has a side that is not an integer of at least 0');
    expect(() => randn(1, [4], { draw: 0 })).toThrow('draw is 0, expected 1 for the first draw');
  });
});

describe('createGenerator', () => {
  it('moves on like torch.Generator over draws of mixed sizes, the cached second normal included', () => {
    // g.manual_seed(3); torch.randn(3), torch.randn(16), torch.randn(2)
    const generator = createGenerator(3);
    expectClose(generator.randn(3), [0.803276062, 0.174833387, 0.0889780968]);
    expectClose(
      generator.randn(16),
      [
        0.605360806, 1.98614931, 0.628715158, 1.26648772, -0.339790165, 0.222525269, 0.316976577, 1.1059221, 1.19934082,
        -0.656631529, -0.89674145, -1.26877785, -0.457390577, 0.988451242, -0.104524434, 0.0843024999,
      ],
    );
    expectClose(generator.randn(2), [-0.613718033, -0.864635587]);
  });

  it('gives the uniform numbers and integers of torch.rand and torch.randint', () => {
    // g.manual_seed(7); torch.rand(3); torch.randint(10, (1,)) five times; randint of 2**28 - 1, 2**28, 2**30, 2**40;
    // torch.rand(1)
    const generator = createGenerator(7);
    expectClose(
      [generator.uniform(), generator.uniform(), generator.uniform()],
      [0.53492254, 0.198803186, 0.659211695],
    );
    expect(Array.from({ length: 5 }, () => generator.integer(10))).toEqual([6, 3, 7, 7, 9]);
    expect([2 ** 28 - 1, 2 ** 28, 2 ** 30, 2 ** 40].map((n) => generator.integer(n))).toEqual([
      173901163, 165338510, 4812360, 382561546606,
    ]);
    expectClose([generator.uniform()], [0.359285951]);
  });

  it('has mean 0, deviation 1 and the tails of a normal distribution', () => {
    const values = createGenerator(5).randn(100_000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const beyond2 = values.filter((value) => Math.abs(value) > 2).length / values.length;
    // Bounds: 5 standard errors, 1/sqrt(n), sqrt(2/n) and sqrt(p(1-p)/n) of p = 0.0455.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(1e5));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 1e5));
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(5 * Math.sqrt((0.0455 * 0.9545) / 1e5));
  });

  it('refuses a bound or a count that is not an integer in range', () => {
    expect(() => createGenerator(1).integer(0)).toThrow('the bound is 0');
    expect(() => createGenerator(1).randn(-1)).toThrow('the count is -1');
  });
});
