// Edits of a frame as a folder: the pictures, the original, the sheet, result.json. Proposals also have sidecars and, once
// one is picked, a copy of it as edit.png.

import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { createFolderAtomically, makeFolder } from '../base/atomic-folder.js';
import { DamageError, UsageError } from '../base/errors.js';
import { damageOf, type FileHashes, hashFiles, unseal, writeSealedJson } from '../base/sealed-json.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
import { readPicture, writePicture } from '../video/still.js';
import type { FrameEdit, FrameEdits } from './frame-edit.js';
import { type RenderedSidecar, sidecarPath, writeSidecar } from './sidecar.js';

const RESULT = 'result.json';
const PICKED = 'edit.png';
const SHEET = 'sheet.png';
const ORIGINAL = 'original.png';

/** Proposals from their result.json. Paths are absolute. */
export interface StoredEdits {
  readonly out: string;
  readonly frame: number;
  readonly at: number;
  readonly sheet: string;
  readonly original: string;
  /** Ordered by rank, the best first. */
  readonly edits: readonly (RenderedSidecar & { readonly name: string; readonly picture: string })[];
}

/** Texts for the metadata of edits, and of the sheet that shows all. */
export interface EditComments {
  readonly all: string | undefined;
  each(edit: FrameEdit): string | undefined;
}

/** Absolute paths of the sheet and the original in a folder of edits. */
export function sheetPaths(out: string): { sheet: string; original: string } {
  return { sheet: join(out, SHEET), original: join(out, ORIGINAL) };
}

/**
 * Writes edits of `editFrame` into the new folder `edits.out`.
 *
 * @throws UsageError when the folder is not empty; FailureError when the disk is full
 */
export async function writeTriedEdits(edits: FrameEdits, settings: Settings, comments: EditComments): Promise<void> {
  await writePictures(edits, comments, async (folder) => {
    const stored = edits.edits.map(({ strength, seed, firstTimestep, file }) => ({
      ...{ strength, seed, firstTimestep },
      picture: basename(file),
    }));
    const result = { sheet: SHEET, original: ORIGINAL, at: edits.at, edits: stored, settings };
    await writeFileAtomic(join(folder, RESULT), `${JSON.stringify(result, null, 1)}\n`);
  });
}

/**
 * Writes proposals into the new folder `proposals.out` for `pickEdit`.
 *
 * @param pick number of the edit, from 1, to pick immediately
 * @throws UsageError when the folder is not empty; FailureError when the disk is full
 */
export async function writeProposals(
  proposals: FrameEdits,
  sidecars: readonly RenderedSidecar[],
  {
    settings,
    comments,
    pick,
  }: { readonly settings: Settings; readonly comments: EditComments; readonly pick?: number | undefined },
): Promise<void> {
  const { frame, at, edits } = proposals;
  await writePictures(proposals, comments, async (folder) => {
    for (const [i, { file }] of edits.entries()) {
      const picture = join(folder, basename(file));
      await writeSidecar(picture, sidecars[i]);
      if (i + 1 === pick) await copyEdit(picture, join(folder, PICKED), sidecars[i]);
    }
    // The picked edit can change, and users can edit sidecars.
    const unsealed = [PICKED, sidecarPath(PICKED), ...edits.map(({ file }) => sidecarPath(basename(file)))];
    const stored = edits.map(({ name, file }, i) => ({ name, picture: basename(file), ...sidecars[i] }));
    const result = { frame, at, sheet: SHEET, original: ORIGINAL, edits: stored, settings };
    await writeSealedJson(join(folder, RESULT), { ...result, files: await hashFiles(folder, unsealed) });
  });
}

/** Writes the pictures into a new folder, which becomes visible after `writeRest`. */
async function writePictures(
  { out, original, edits, sheet }: FrameEdits,
  { all, each }: EditComments,
  writeRest: (folder: string) => Promise<void>,
): Promise<void> {
  await makeFolder(dirname(out), out);
  await createFolderAtomically(out, async (folder) => {
    for (const edit of edits) await writePicture(join(folder, basename(edit.file)), edit.picture, each(edit));
    await writePicture(join(folder, ORIGINAL), original);
    await writePicture(join(folder, SHEET), sheet, all);
    await writeRest(folder);
  });
}

/**
 * Reads the proposals that `writeProposals` wrote, without their pictures.
 *
 * @param settings if given, the required settings of the proposals
 * @throws UsageError when there are no proposals, or with other settings
 */
export async function readProposals(folder: string, settings?: Settings): Promise<StoredEdits> {
  const out = resolve(folder);
  const stored = await readResult(out);
  if (settings) assertSameSettings(out, stored.settings, settings);
  const { frame, at, sheet, original, edits } = stored;
  const path = (name: string): string => join(out, name);
  return {
    ...{ out, frame, at },
    ...{ sheet: path(sheet), original: path(original) },
    edits: edits.map((edit) => ({ ...edit, picture: path(edit.picture) })),
  };
}

/**
 * Picks one of the proposals in a folder: copies it to `edit.png` and `edit.json`, replacing an earlier pick.
 *
 * @param which its number on the sheet, from 1, or its name
 * @returns the edit; `file` is the copy
 * @throws UsageError when there is no such edit; DamageError when its picture has changed
 */
export async function pickEdit(folder: string, which: number | string): Promise<FrameEdit> {
  const { out, edits } = await readProposals(folder);
  const { name, picture: path, ...sidecar } = findEdit(edits, which);
  const { files = {} } = await readResult(out);
  const [damage] = await damageOf(out, `${name}.png` in files ? { [`${name}.png`]: files[`${name}.png`] } : {});
  if (damage !== undefined) {
    throw new DamageError(
      `${damage}; propose the edits again, or, where you changed it yourself, use the picture itself as the edit`,
    );
  }
  const picture = await readPicture(path);
  const file = join(out, PICKED);
  // The old sidecar is removed first, so that it never accompanies the new picture.
  await rm(sidecarPath(file), { force: true });
  await copyEdit(path, file, sidecar);
  const { frame, prompt, video, strength, seed, firstTimestep, scores } = sidecar;
  const from = { frame, prompt, ...(video && { originalSha256: video.frameSha256 }) };
  return { name, file, picture, ...from, strength, seed, firstTimestep, scores };
}

/** Copies an edited picture, with what its metadata says, and then its sidecar. */
async function copyEdit(from: string, to: string, sidecar: RenderedSidecar): Promise<void> {
  await writeFileAtomic(to, await readFile(from));
  await writeSidecar(to, sidecar);
}

/**
 * One of the proposals by its number, from 1, or by its name, with or without `.png`.
 *
 * @throws UsageError naming the existing ones
 */
export function findEdit<T extends { readonly name: string }>(edits: readonly T[], which: number | string): T {
  const wanted = String(which)
    .trim()
    .replace(/\.png$/, '');
  const edit = /^\d+$/.test(wanted) ? edits[Number(wanted) - 1] : edits.find(({ name }) => name === wanted);
  if (edit) return edit;
  throw new UsageError(
    `there is no edit '${which}'; give a number from 1 to ${edits.length}, or a name such as ${edits[0].name}`,
  );
}

type StoredResult = Omit<StoredEdits, 'out'> & {
  readonly settings: Settings;
  /** Absent in files of earlier versions. */
  readonly files?: FileHashes;
};

async function readResult(out: string): Promise<StoredResult> {
  const path = join(out, RESULT);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${out}: holds no proposed edits (${error.code}); propose some first, without picking one`, {
      cause: error,
    });
  });
  const { value } = unseal<Partial<StoredResult>>(path, text);
  if (Array.isArray(value.edits) && value.edits.length > 0 && value.settings) return value as StoredResult;
  throw new UsageError(`${path}: is not a list of proposed edits; propose them again into another folder`);
}
