// The given entries of an object: `undefined` is removed, every other empty value stays, also in the type.

import { expect, expectTypeOf, it } from 'vitest';
import { given } from '../../src/lib/base/given.js';

it('leaves out what is undefined, and nothing else', () => {
  const kept = given({ a: undefined, b: null, c: 0, d: '', e: false, f: undefined, g: [1] });
  expect(Object.entries(kept)).toEqual([
    ['b', null],
    ['c', 0],
    ['d', ''],
    ['e', false],
    ['g', [1]],
  ]);
});

it('makes optional what may be undefined, so that defaults behind a spread keep their type', () => {
  const options: { steps: number | undefined; seed?: number; sampler: string } = { steps: undefined, sampler: 'ddim' };
  const settings = { steps: 50, seed: 42, ...given(options) };
  expectTypeOf(settings).toExtend<{ steps: number; seed: number; sampler: string }>();
  expect(settings).toEqual({ steps: 50, seed: 42, sampler: 'ddim' });
});
