// Atomic files on the real file system: which files exist afterwards.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isTemporaryName,
  removeLeftovers,
  replaceAtomically,
  systemError,
  temporaryName,
  writeError,
  writeFileAtomic,
} from '../../src/lib/base/atomic-file.js';
import { FailureError, UsageError } from '../../src/lib/base/errors.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atomic-'));
  path = join(folder, 'result.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('names temporary files in the same folder, with the same extension, never twice', () => {
  const names = [temporaryName('out/grid.mp4'), temporaryName('out/grid.mp4')];
  expect(names[0]).not.toBe(names[1]);
  for (const name of names) {
    expect([dirname(name), extname(name), isTemporaryName(name)]).toEqual(['out', '.mp4', true]);
    expect(basename(name).startsWith('.')).toBe(true);
  }
  expect(isTemporaryName('out/grid.mp4')).toBe(false);
});

describe('writeFileAtomic', () => {
  it('writes texts, bytes and pieces, over an older file too', async () => {
    await writeFileAtomic(path, 'Ångström');
    expect(readFileSync(path, 'utf8')).toBe('Ångström');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    expect([...readFileSync(path)]).toEqual([1, 2]);
    await writeFileAtomic(
      path,
      (async function* () {
        yield Uint8Array.of(3);
        yield Uint8Array.of(4, 5);
      })(),
    );
    expect([...readFileSync(path)]).toEqual([3, 4, 5]);
    expect(readdirSync(folder)).toEqual(['result.json']);
  });

  it('leaves the older file and nothing else when the pieces end in an error', async () => {
    await writeFileAtomic(path, 'old');
    const pieces = (async function* () {
      yield Uint8Array.of(1);
      throw new FailureError('no more frames');
    })();
    await expect(writeFileAtomic(path, pieces)).rejects.toThrow(new FailureError('no more frames'));
    expect(readdirSync(folder)).toEqual(['result.json']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('says that a folder is missing, or that the name is a folder', async () => {
    const missing = writeFileAtomic(join(folder, 'absent', 'a.json'), 'x');
    await expect(missing).rejects.toThrow(UsageError);
    await expect(missing).rejects.toThrow(/absent does not exist; create it/);
    mkdirSync(join(path, 'inside'), { recursive: true });
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow('is a folder, expected a file name');
    expect(readdirSync(folder)).toEqual(['result.json']);
  });
});

describe('replaceAtomically', () => {
  it('gives the result of the writer and keeps the final name free until it is done', async () => {
    const size = await replaceAtomically(path, async (temporary) => {
      writeFileSync(temporary, 'abc');
      expect(existsSync(path)).toBe(false);
      return 3;
    });
    expect(size).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe('abc');
  });

  it('says that the disk is full', async (ctx) => {
    if (!existsSync('/dev/full')) ctx.skip('there is no /dev/full here');
    const full = replaceAtomically(path, async (temporary) => {
      await writeFile(temporary, 'half');
      await writeFile('/dev/full', 'the other half');
    });
    await expect(full).rejects.toThrow(FailureError);
    await expect(full).rejects.toThrow(
      `${path}: the disk is full (ENOSPC) and nothing half-written was left there; free some space and run again`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('passes on errors about other files as they are', async () => {
    const other = replaceAtomically(path, async () => readFileSync(join(folder, 'elsewhere', 'absent')));
    await expect(other).rejects.toMatchObject({ code: 'ENOENT' });
    const plain = new Error('other');
    expect(writeError(path, plain)).toBe(plain);
  });
});

it('deletes leftovers and nothing else', async () => {
  writeFileSync(temporaryName(path), 'half');
  writeFileSync(path, 'whole');
  await removeLeftovers(folder);
  expect(readdirSync(folder)).toEqual(['result.json']);
  await removeLeftovers(join(folder, 'absent'));
});

describe('what the system says', () => {
  const said = (code: string, culprit?: string) => Object.assign(new Error(code), { code, path: culprit });

  it.each([
    ['EMFILE', FailureError, `: this process may open no more files (EMFILE); raise the limit (ulimit -n 1024)`],
    ['ENFILE', FailureError, ': the system can open no more files (ENFILE)'],
    ['EROFS', UsageError, ': the file system can only be read (EROFS); choose another folder'],
    ['EXDEV', UsageError, ': lies on another file system than its folder (EXDEV)'],
    ['ENAMETOOLONG', UsageError, ': the name is too long for the file system (ENAMETOOLONG); choose a shorter one'],
    ['ELOOP', UsageError, ': its links lead in a circle (ELOOP)'],
    ['EFBIG', FailureError, ': is larger than the file system or a limit (ulimit -f) allows (EFBIG)'],
    ['EDQUOT', FailureError, ': the disk quota is used up (EDQUOT)'],
    ['EACCES', UsageError, ': no permission to write there (EACCES); choose another folder'],
  ])('%s is a sentence', (code, kind, sentence) => {
    const error = writeError(path, said(code, path)) as Error;
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(`${path}${sentence}`);
  });

  it('of a folder above is told too, and of what nobody put into words', () => {
    expect((writeError(path, said('EACCES', dirname(dirname(path)))) as Error).message).toContain('no permission');
    expect((systemError(said('EMFILE')) as Error).message).toMatch(/^this process may open no more files/);
    expect((systemError(said('ENOSPC', '/x/y')) as Error).message).toMatch(/^\/x\/y: the disk is full/);
    expect((systemError(said('EACCES', '/x/y')) as Error).message).toMatch(/^\/x\/y: permission denied \(EACCES\)/);
    const other = said('ECONNREFUSED');
    expect(systemError(other)).toBe(other);
  });
});
