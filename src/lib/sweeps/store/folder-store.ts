// A store in a folder: on this machine, or on a file system that machines share. A new file appears by a hard link, which
// fails where there is one, on network file systems too.

import { constants, type Dirent } from 'node:fs';
import { access, copyFile, link, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceAtomically, temporaryName, writeFileAtomic } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { FailureError } from '../../base/errors.js';
import { sha256 } from '../../base/hash.js';
import { pathOf, type Store } from './store.js';

/** The folder whose absence tells that the file system is away: writing would create another one in its place. */
const HOME = '.shared';

/** A store in this folder. */
export function folderStore(folder: string): Store {
  const place = (key: string): string => pathOf(folder, key.replace(/\/$/, ''));
  const assertThere = async (): Promise<void> => {
    await access(join(folder, HOME)).catch((cause) => {
      throw new FailureError(`${folder}: is not there, or holds no shared sweep`, { cause });
    });
  };
  const names = async (prefix: string): Promise<string[]> => {
    await assertThere();
    return await filesBelow(place(prefix), '');
  };
  const read = async (key: string): Promise<Uint8Array | undefined> => {
    await assertThere();
    return await orUndefined(readFile(place(key)));
  };
  /** Calls `write` with a path whose folder exists. */
  const into = async <T>(key: string, write: (path: string) => Promise<T>): Promise<T> => {
    await assertThere();
    const path = place(key);
    await mkdir(dirname(path), { recursive: true });
    return write(path);
  };
  return {
    name: folder,
    folder,
    interval: 500,
    found: () => makeFolder(join(folder, HOME)),
    names,
    async versions(prefix) {
      const found = new Map<string, string>();
      // Contents, not times: a network file system shows times late, but what is opened is up to date.
      for (const name of await names(prefix)) {
        const bytes = await read(prefix + name);
        if (bytes) found.set(name, sha256(bytes));
      }
      return found;
    },
    read,
    write: (key, data) => into(key, (path) => writeFileAtomic(path, data)),
    create: (key, data) => into(key, (path) => createFile(path, data)),
    async remove(key) {
      await assertThere();
      await rm(place(key), { recursive: true, force: true });
    },
    upload: (key, from) => into(key, (path) => replaceAtomically(path, (temporary) => linkOrCopy(from, temporary))),
    async download(key, path) {
      await assertThere();
      await rm(path, { force: true });
      return (await orUndefined(linkOrCopy(place(key), path).then(() => true))) ?? false;
    },
  };
}

async function filesBelow(folder: string, below: string): Promise<string[]> {
  const entries = await orUndefined<Dirent[]>(readdir(join(folder, below), { withFileTypes: true }));
  const found: string[] = [];
  for (const entry of entries ?? []) {
    if (entry.name.startsWith('.')) continue; // being written
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path)));
    else found.push(path);
  }
  return found;
}

/** Writes a file that appears complete; false if there is one. */
async function createFile(path: string, data: Uint8Array | string): Promise<boolean> {
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, data, { flag: 'wx', flush: true });
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // A network file system that lost the answer asks again by itself, and then finds its own file.
    if (code === 'EEXIST') return (await stat(temporary)).nlink > 1;
    if (syscall !== 'link' || code === 'ENOENT') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  // Without hard links: readers of JSON take an empty file for one that is being written.
  try {
    await writeFile(path, data, { flag: 'wx', flush: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A second name for a file that is not changed any more, or a copy where there cannot be one. */
async function linkOrCopy(named: string, to: string): Promise<void> {
  // A second name of a symbolic link would be another link, which leads nowhere from another folder.
  const from = await realpath(named);
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
