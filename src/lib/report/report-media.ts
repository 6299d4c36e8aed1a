// The files that a report shows: put into the page, or copied beside it.

import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { dataUri } from '../base/data-uri.js';
import { UsageError } from '../base/errors.js';
import { sha256 } from '../base/hash.js';
import { BROWSER_MEDIA } from '../base/media-types.js';
import type { ReportData } from './report-data.js';

/** The data with every video and picture replaced by what `replace` makes of its path; `data:` URIs stay. */
export async function replaceMedia(
  data: ReportData,
  replace: (path: string, what: string) => Promise<string>,
): Promise<ReportData> {
  const to = async (path: string, what: string): Promise<string> =>
    path.startsWith('data:') ? path : replace(path, what);
  // One after another: the first that fails is the one that is told, and only one file is held at a time.
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
 * The size of a file that a report shows, in bytes.
 *
 * @throws UsageError when it is missing, or of a kind that browsers don't show
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

/** A folder beside a page, for the files that it shows. */
export interface MediaFolder {
  /** Copies a file there and gives its URL relative to the page. Equal contents are kept once. */
  add(path: string): Promise<string>;
  /** Paths of what was added. */
  readonly files: readonly string[];
  /** Removes what an older page of this name left there, and the folder where nothing is in it. */
  tidy(): Promise<void>;
}

/** The folder `PAGE-files` beside `PAGE.html`; it is made when the first file comes. */
export function mediaFolder(page: string): MediaFolder {
  const name = `${basename(page, extname(page))}-files`;
  const folder = join(dirname(page), name);
  const files: string[] = [];
  return {
    files,
    async add(path) {
      const content = await readFile(path);
      // A name that changes with the contents: an older page stays whole until the new one is.
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
      await rmdir(folder).catch(() => {}); // fails where something is in it
    },
  };
}
