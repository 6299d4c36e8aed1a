// The contents of the repository: a limited size, and no files of a machine, a download or a build.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { skipNote } from '../skipped.js';

const MB = 1e6;

/** Tracked files and untracked ones that git does not ignore. */
function repositoryFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0');
  return [...new Set(names)].filter((name) => name && existsSync(join(root, name)));
}

function inRepository(): boolean {
  try {
    return existsSync(join(root, '.git')) && repositoryFiles().length > 0;
  } catch {
    return false;
  }
}

const bytes = (names: string[]) => names.reduce((sum, name) => sum + lstatSync(join(root, name)).size, 0);

/** Absolute paths of a single machine. In pieces, so that this file does not match itself. */
const MACHINE_PATH = new RegExp(
  `(?:(?<![\\w./~-])|file://)/(${['work', 'root', 'tmp', 'home/\\w+', 'Users/\\w+'].join('|')})/|\\b[A-Z]:\\\\Users\\\\`,
);

/** Files that are given to developers to look at and never published, by content. */
const NEVER = new Set([
  'c78fbefb136da43fc14982dbcd4e9cc7929001e37c913a74cec7643d1b290191',
  '8e51b7bb6f071811628eb4850468b0efc07d37301c27cf197e34dbbe9d44f058',
  'ccfd58e4db09fb11af8370795166a7aa72f0561b17b8beb8ffd40537ed49ce08',
  '553a212b48d17d9a1af53c6d2e2d6e597c9e6a81593199b99d176850701b7481',
]);

describe.skipIf(!inRepository())(`the repository${skipNote(inRepository(), 'this is no git repository')}`, () => {
  const names = inRepository() ? repositoryFiles() : [];

  it('stays below 60 MB', () => {
    expect(bytes(names)).toBeLessThan(60 * MB);
  });

  it('holds at most 1 MB of fixtures', () => {
    expect(bytes(names.filter((name) => name.split('/').includes('fixtures')))).toBeLessThanOrEqual(MB);
  });

  it('names no path of one machine', () => {
    const text = names
      .map((name) => ({ name, data: readFileSync(join(root, name)) }))
      .filter(({ data }) => data.length < MB && !data.includes(0));
    const found = text.flatMap(({ name, data }) =>
      data
        .toString('utf8')
        .split('\n')
        .flatMap((line, i) => (MACHINE_PATH.test(line) ? [`${name}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
    );
    expect(text.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });

  it('holds no real video, no downloaded weights and nothing that a build or a run writes', () => {
    const found = names.filter((name) => {
      const place = name.split('/');
      return (
        /\.(mp4|mov|mkv|webm|avi|m4v|ckpt|pth?|onnx|gguf|tgz|tsbuildinfo)$/i.test(name) ||
        // Weights belong to the tests' fixtures or to the project's own models.
        (/\.(safetensors|bin)$/i.test(name) && !place.includes('fixtures') && place[0] !== 'models') ||
        ['node_modules', 'dist', '.venv', '.cache', '__pycache__', '.ipynb_checkpoints'].some((x) =>
          place.includes(x),
        ) ||
        (place[0] === 'runs' && name !== 'runs/README.md')
      );
    });
    expect(found).toEqual([]);
  });

  it('holds no file of the material that is only lent', () => {
    const hash = (name: string) =>
      createHash('sha256')
        .update(readFileSync(join(root, name)))
        .digest('hex');
    expect(names.filter((name) => NEVER.has(hash(name))).map((name) => basename(name))).toEqual([]);
  });
});

describe('the pattern for machine paths', () => {
  it.each([
    [`/${'work'}/main/x.ts`, true],
    [`file:///${'root'}/x`, true],
    [`'/${'root'}/.cache'`, true],
    [`"/${'home'}/ann/models"`, true],
    [`(/${'Users'}/ann/models)`, true],
    [`C:\\${'Users'}\\ann`, true],
    [`https://example.org/${'home'}/page`, false],
    [`../${'work'}/x`, false],
    ['frames/tmp/0001.png', false],
  ])('%s: %s', (line, expected) => {
    expect(MACHINE_PATH.test(line)).toBe(expected);
  });
});
