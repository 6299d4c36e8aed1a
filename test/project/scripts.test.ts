// The decisions of the set-up scripts, on made-up input.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isInstalled, nodeProblem, root } from '../../scripts/setup.js';
import { claimsToBeSkipped, skipReason } from '../../scripts/test-summary.js';
import { skipNote } from '../skipped.js';
import { SLOW } from '../slow-first.js';

describe('nodeProblem', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '23.0.0', '26.1.0'])('admits Node %s', (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it.each(['12.22.0', '18.20.4', '20.18.3', '21.7.0', '22.11.0'])(
    'refuses Node %s and says what to install',
    (version) => {
      expect(nodeProblem(version)).toContain(
        `20.19 or newer in the 20 line, or 22.12 and newer; this is Node ${version}`,
      );
    },
  );

  it('agrees with package.json', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(engines.node).toBe('^20.19.0 || >=22.12.0');
  });
});

describe('isInstalled', () => {
  const wanted = (version: string, more = {}) => ({ packages: { '': {}, 'node_modules/a': { version, ...more } } });

  it('asks for every package in its version and content', () => {
    expect(isInstalled(wanted('1.0.0'), wanted('1.0.0'))).toBe(true);
    expect(isInstalled(wanted('1.0.1'), wanted('1.0.0'))).toBe(false);
    expect(isInstalled(wanted('1.0.0', { integrity: 'x' }), wanted('1.0.0', { integrity: 'y' }))).toBe(false);
    expect(isInstalled(wanted('1.0.0'), { packages: {} })).toBe(false);
  });

  it('lets optional packages be missing, and more be installed', () => {
    expect(isInstalled(wanted('1.0.0', { optional: true }), { packages: {} })).toBe(true);
    expect(isInstalled({ packages: {} }, wanted('1.0.0'))).toBe(true);
  });
});

describe('skipReason', () => {
  it.each([
    ['the note', 'no GPU', 'suite [skipped without x] test', 'no GPU'],
    [
      'what the name says',
      undefined,
      'suite [skipped without ../shared/reference] shape [2, 3]',
      'skipped without ../shared/reference',
    ],
    ['the last bracket', undefined, 'suite [2, 3] test [needs a browser]', 'needs a browser'],
    ['nothing', undefined, 'suite test', undefined],
  ])('takes %s', (_, note, name, reason) => {
    expect(skipReason(note, name)).toBe(reason);
  });
});

it('a test that ran under a name which says that it was skipped is noticed', () => {
  expect(claimsToBeSkipped('gitState [skipped where git is missing] tells the commit')).toBe(true);
  expect(claimsToBeSkipped('a disk (skipped without root)')).toBe(true);
  expect(claimsToBeSkipped('frames that were skipped are counted')).toBe(false);
});

it('the reason stands in a title only where something is skipped', () => {
  expect(`gitState${skipNote(true, 'git is missing')}`).toBe('gitState');
  expect(skipReason(undefined, `gitState${skipNote(false, 'git is missing')}`)).toBe('skipped: git is missing');
});

it('the slow files that begin first are all there', () => {
  expect(SLOW.filter((name) => !existsSync(join(root, 'test', `${name}.test.ts`)))).toEqual([]);
});
