import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { functionsOf } from './parameters.js';

const MOST = 4;

it('counts the parameters of every kind of function', () => {
  const text = `
    export function declared(a, { b }, ...c) {}
    const arrow = (a, b = 1) => {};
    const table = { method(a) {}, key: (a, b, c, d, e) => {} };
    interface T { signature(a: number, b: number): void; readonly typed: (a: number) => void }
    [1].map((a, i, all) => a);`;
  const counted = functionsOf({ path: 'a.ts', text }).map(({ name, parameters }) => [name, parameters]);
  expect(counted).toEqual([
    ['a.ts declared', 3],
    ['a.ts arrow', 2],
    ['a.ts method', 1],
    ['a.ts key', 5],
    ['a.ts signature', 2],
    ['a.ts typed', 1],
    ['a.ts unnamed', 3],
  ]);
});

it(`no function of src has more than ${MOST} positional parameters`, () => {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'));
  const found = paths.flatMap((path) => functionsOf({ path, text: readFileSync(join(root, path), 'utf8') }));
  expect(found.length).toBeGreaterThan(1000);
  expect(found.filter(({ parameters }) => parameters > MOST)).toEqual([]);
});
