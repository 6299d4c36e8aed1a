// Shape assertions: passing values, and the errors for others.

import { expect, it } from 'vitest';
import { assertInteger, assertSameLength, assertShape } from '../../src/lib/base/assert.js';
import { UsageError } from '../../src/lib/base/errors.js';

const LATENT = ['B', 4, 'h', 'w'] as const;

it('gives the lengths of the letters', () => {
  expect(assertShape('f: latent', [2, 4, 8, 12], LATENT, { remedy: 'x' })).toEqual({ B: 2, h: 8, w: 12 });
});

it('refuses another rank, another fixed side, and a letter with two lengths', () => {
  expect(() => assertShape('f: latent', [4, 8, 12], LATENT, { remedy: 'pass one of rank 4' })).toThrow(
    new UsageError('f: latent must have shape [B, 4, h, w] but has [4, 8, 12]; pass one of rank 4'),
  );
  expect(() => assertShape('f: latent', [1, 3, 8, 8], LATENT, { remedy: 'pass 4 channels' })).toThrow(
    'but has [1, 3, 8, 8]',
  );
  expect(() => assertShape('f: matrix', [2, 3], ['n', 'n'], { remedy: 'pass a square one' })).toThrow(
    '[n, n] but has [2, 3]',
  );
});

it('holds letters to the lengths that an earlier check found', () => {
  const bound = assertShape('f: latent', [2, 4, 8, 12], LATENT, { remedy: 'x' });
  expect(() => assertShape('f: noise', [1, 4, 8, 12], LATENT, { remedy: 'pass as much noise', bound })).toThrow(
    'f: noise must have shape [B, 4, h, w] where B = 2, h = 8, w = 12 but has [1, 4, 8, 12]; pass as much noise',
  );
});

it('checks integers and lengths', () => {
  expect(() => assertInteger('steps', 3, 1, 3)).not.toThrow();
  expect(() => assertInteger('steps', 0, 1, 3)).toThrow('steps is 0, expected an integer from 1 to 3');
  expect(() => assertInteger('batch', 1.5, 1)).toThrow('batch is 1.5, expected an integer of at least 1');
  expect(() => assertSameLength('f: noise', 3, 4)).toThrow('f: noise has 3 elements, expected 4');
});
