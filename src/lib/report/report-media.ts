// Embeds a report's files into the page, or copies them beside it.

import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { dataUri } from '../base/data-uri.js';
import { UsageError } from '../base/errors.js';
import { sha256 } from '../base/hash.js';
import { BROWSER_MEDIA } from '../base/media-types.js';
import type { ReportData } from './report-data.js';

/** The data with the paths of videos and pictures replaced by `replace`; `data:` URIs stay. */
export async function replaceMedia(
  data: ReportData,
  replace: (path: string, what: string) => Promise<string>,
): Promise<ReportData> {
  const to = async (path: string, what: string): Promise<string> =>
    path.startsWith('data:') ? path : replace(path, what);
  // Sequentially: the first failure is reported, and only one file is in memory.
  const arms = await inTurn(data.arms, async (arm) =>
    arm.video === undefined ? arm : { ...arm, video: await to(arm.video, `the video of '${arm.name}'`) },
  );
  const pictures = await inTurn(data.pictures ?? [], async (group) => ({
    ...group,
    pictures: await inTurn(group.pictures, async (each) => ({
      ...each,
      src: await to(each.src, `a picture of '${group.title}'`),
    })),
  }));
  const checkpoints = await inTurn(data.training?.checkpoints ?? [], async (each) =>
    each.picture === undefined
      ? each
      : { ...each, picture: await to(each.picture, `the preview at iteration ${each.iteration}`) },
  );
  return { ...data, arms, pictures, ...(data.training && { training: { ...data.training, checkpoints } }) };
}

async function inTurn<T>(items: readonly T[], change: (item: T) => Promise<T>): Promise<T[]> {
  const changed: T[] = [];
  for (const item of items) changed.push(await change(item));
  return changed;
}

/**
 * The size of a report's file in bytes.
 *
 * @throws UsageError when it is missing, or of a type that browsers do not show
 */
export async function mediaBytes(path: string, what: string): Promise<number> {
  if (!(extname(path).toLowerCase() in BROWSER_MEDIA)) {
    throw new UsageError(
      `report: ${what}, '${path}', is of no kind that browsers show; give ${Object.keys(BROWSER_MEDIA).join(', ')}`,
    );
  }
  const about = await stat(path).catch(() => undefined);
  if (!about?.isFile()) throw new UsageError(`report: ${what}, '${path}', is no file; write it before the report`);
  return about.size;
}

/** A file's contents as a `data:` URI. */
export async function embedFile(path: string): Promise<string> {
  return dataUri(BROWSER_MEDIA[extname(path).toLowerCase()], await readFile(path));
}

/** The folder beside a page for its files. */
export interface MediaFolder {
  /** Copies a file there, and returns its URL relative to the page. Equal contents are stored once. */
  add(path: string): Promise<string>;
  /** Paths of the added files. */
  readonly files: readonly string[];
  /** Removes files of an older page of this name, and the folder if it is empty. */
  tidy(): Promise<void>;
}

/** The folder `PAGE-files` beside `PAGE.html`, created with the first file. */
export function mediaFolder(page: string): MediaFolder {
  const name = `${basename(page, extname(page))}-files`;
  const folder = join(dirname(page), name);
  const files: string[] = [];
  return {
    files,
    async add(path) {
      const content = await readFile(path);
      // Named by its contents: an older page keeps its files until the new one is complete.
      const file = `${sha256(content).slice(0, 12)}${extname(path).toLowerCase()}`;
      await makeFolder(folder);
      const target = join(folder, file);
      if (!files.includes(target)) {
        files.push(target);
        await writeFileAtomic(target, content);
      }
      return `${encodeURIComponent(name)}/${file}`;
    },
    async tidy() {
      const names = await readdir(folder).catch(() => []);
      const old = names.filter((each) => /^[0-9a-f]{12}\.\w+$/.test(each) && !files.includes(join(folder, each)));
      await Promise.all(old.map((each) => rm(join(folder, each), { force: true })));
      await rmdir(folder).catch(() => {}); // fails if it is not empty
    },
  };
}
