// Proposed edits as a folder: each picture with its sidecar, the sheet, and once one is picked, a copy of it as edit.png.

import { readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createFolderAtomically, makeFolder } from '../base/atomic-folder.js';
import { DamageError, UsageError } from '../base/errors.js';
import { damageOf, type FileHashes, hashFiles, unseal, writeSealedJson } from '../base/sealed-json.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
import { readPicture, writePicture } from '../video/still.js';
import type { Proposal } from './proposal.js';
import type { ProposedEdits } from './propose-edits.js';
import { type EditSidecar, sidecarPath, writeEdit } from './sidecar.js';

const RESULT = 'result.json';
const PICKED = 'edit.png';

/** Proposed edits as they lie in a folder; paths are absolute. */
export interface WrittenProposals {
  readonly out: string;
  readonly frame: number;
  readonly at: number;
  readonly sheet: string;
  readonly original: string;
  /** The best first. */
  readonly edits: readonly WrittenProposal[];
}

/** One of them. */
export type WrittenProposal = Proposal['sidecar'] & { readonly name: string; readonly picture: string };

/** The edit that was picked. */
export interface PickedEdit {
  readonly name: string;
  /** Absolute path of the copy that is the picked one; its sidecar stands beside it. */
  readonly picture: string;
  readonly sidecar: Proposal['sidecar'];
}

/**
 * Writes each edit with its sidecar, the original, the sheet and `result.json` into a new folder, which appears when it is whole.
 *
 * @param pick the number of the edit, from 1, that is to be the picked one from the beginning
 * @throws UsageError when the folder is not empty; FailureError when the disk is full
 */
export async function writeProposals(
  folder: string,
  { frame, at, original, proposals, sheet }: ProposedEdits,
  { settings = {}, pick }: { settings?: Settings; pick?: number } = {},
): Promise<WrittenProposals> {
  const out = resolve(folder);
  await makeFolder(dirname(out), out);
  await createFolderAtomically(out, async (temporary) => {
    for (const [i, { name, picture, sidecar }] of proposals.entries()) {
      await writeEdit(join(temporary, `${name}.png`), picture, sidecar);
      if (i + 1 === pick) await writeEdit(join(temporary, PICKED), picture, sidecar);
    }
    await writePicture(join(temporary, 'original.png'), original);
    await writePicture(join(temporary, 'sheet.png'), sheet);
    // The picked one changes; sidecars may be written by hand.
    const unsealed = [PICKED, sidecarPath(PICKED), ...proposals.map(({ name }) => `${name}.json`)];
    const edits = proposals.map(({ name, sidecar }) => ({ name, picture: `${name}.png`, ...sidecar }));
    const result = { frame, at, sheet: 'sheet.png', original: 'original.png', edits, settings };
    await writeSealedJson(join(temporary, RESULT), { ...result, files: await hashFiles(temporary, unsealed) });
  });
  return readProposals(out);
}

/**
 * Reads what `writeProposals` wrote.
 *
 * @param settings where given, those by which the edits must have been made
 * @throws UsageError when there are no proposed edits, or other ones
 */
export async function readProposals(folder: string, settings?: Settings): Promise<WrittenProposals> {
  const out = resolve(folder);
  const stored = await readResult(out);
  if (settings) assertSameSettings(out, stored.settings, settings);
  const path = (name: string): string => join(out, name);
  return {
    out,
    frame: stored.frame,
    at: stored.at,
    sheet: path(stored.sheet),
    original: path(stored.original),
    edits: stored.edits.map((edit) => ({ ...edit, picture: path(edit.picture) })),
  };
}

/**
 * Makes one of the proposed edits the picked one: a copy of it as `edit.png` and `edit.json`, in place of one picked before.
 *
 * @param choice its number on the sheet, from 1, or its name
 * @throws UsageError when there is no such edit; DamageError when its picture is not the one that was proposed
 */
export async function pickEdit({ out, edits }: WrittenProposals, choice: string): Promise<PickedEdit> {
  const { name, picture, ...sidecar } = findEdit(edits, choice);
  const path = join(out, PICKED);
  const { files = {} } = await readResult(out);
  const damage = await damageOf(out, picked(files, `${name}.png`));
  if (damage.length > 0) {
    throw new DamageError(
      `${damage[0]}; propose the edits again, or, where you changed it yourself, name the picture itself to finetune --edit`,
    );
  }
  const frame = await readPicture(picture);
  // The old sidecar goes first, so that it never stands beside the new picture.
  await rm(sidecarPath(path), { force: true });
  await writeEdit(path, frame, sidecar);
  return { name, picture: path, sidecar };
}

function picked(files: FileHashes, name: string): FileHashes {
  return name in files ? { [name]: files[name] } : {};
}

/**
 * One of the proposed edits by its number on the sheet, from 1, or by its name, with or without `.png`.
 *
 * @throws UsageError naming what there is
 */
export function findEdit(edits: readonly WrittenProposal[], choice: string): WrittenProposal {
  const wanted = choice.trim().replace(/\.png$/, '');
  const edit = /^\d+$/.test(wanted) ? edits[Number(wanted) - 1] : edits.find(({ name }) => name === wanted);
  if (edit) return edit;
  throw new UsageError(
    `there is no edit '${choice}'; give a number from 1 to ${edits.length}, or a name such as ${edits[0].name}`,
  );
}

interface StoredResult {
  frame: number;
  at: number;
  sheet: string;
  original: string;
  edits: (EditSidecar & Proposal['sidecar'] & { name: string; picture: string })[];
  settings: Settings;
  /** Absent where an earlier version proposed them. */
  files?: FileHashes;
}

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
