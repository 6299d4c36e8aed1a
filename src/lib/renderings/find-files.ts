// Finds the files that made a picture or a video, which its metadata knows by name and content, on this machine.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { sha256Path } from '../base/hash.js';
import type { MadeInput, MadeWith } from '../base/made-with.js';
import { hashModel, modelInputs } from '../models/checkpoint/hash-model.js';
import { DEMO_MODEL } from '../models/hub/find-model.js';
import { parseHubName } from '../models/hub/hub-name.js';
import { type LoadModelOptions, loadModel } from '../models/model.js';
import { renameFiles } from '../settings/renamed-files.js';
import { optionsFromStored, storedTable } from '../settings/stored.js';
import { APPLIED, CHECKPOINT, FINETUNE, SETTINGS, SUBJECT } from '../settings/table.js';
import { listRuns } from '../tracking/query/list-runs.js';
import { readRunRecord } from '../tracking/stored/run-record.js';

/** Where to look, and what is named. */
export interface FindOptions {
  /** The file whose settings they are: its folders are looked through. */
  readonly near: string;
  /** Another folder to look in. */
  readonly folder?: string;
  /** The folder of all runs, whose records say where files were. */
  readonly root: string;
  /** Paths that replace the video and the model of the settings. */
  readonly video?: string;
  readonly model?: string;
  readonly signal?: AbortSignal;
  readonly onWarning: (message: string) => void;
}

/** Settings of commands that name files besides those of the table: of `steady`, `grid` and `recipe`. */
const NAMING = { ...SETTINGS, source: SUBJECT.video, file: FINETUNE.edits, example: FINETUNE.edits };
const STORED = storedTable(SETTINGS);
/** Names in the list of examples that are no files. */
const NO_FILES = new Set(['true', 'picked']);

/**
 * The settings with the paths of their files on this machine.
 *
 * @throws UsageError when one is not found, or the model here is another one
 */
export async function findFiles(made: MadeWith, options: FindOptions): Promise<Record<string, unknown>> {
  const table = made.command === 'run' ? STORED : NAMING;
  const wanted = new Map<string, string>();
  renameFiles(
    made.settings,
    (name, setting) => {
      if (setting !== 'example' || !NO_FILES.has(name)) wanted.set(name, setting);
      return name;
    },
    table,
  );
  const found = new Map<string, string>();
  for (const [name, setting] of wanted) {
    const given = setting === 'video' ? options.video : setting === 'model' ? options.model : undefined;
    found.set(name, given ?? (await findFile(made, { name, setting }, options)));
  }
  const settings = renameFiles(made.settings, (name) => found.get(name) ?? name, table);
  const { video, model } = options;
  if (video !== undefined) await sayOther(made, { name: String(made.settings.video), path: video }, options);
  if (typeof settings.model === 'string')
    await checkModel(made, settings, { isOther: model !== undefined, ...options });
  return settings;
}

interface Wanted {
  readonly name: string;
  readonly setting: string;
}

/** The path of a file: of a video or picture by its content, of others by name, where this machine's runs had them first. */
async function findFile(made: MadeWith, { name, setting }: Wanted, options: FindOptions): Promise<string> {
  const known = made.inputs.filter((input) => input.name === name);
  const differing = new Set(known.map(({ sha256 }) => sha256)).size > 1;
  if (differing) {
    throw new UsageError(
      `${options.near}: several of its files are called '${name}'; repeat it with a command of your own`,
    );
  }
  const [input] = known;
  const isNamed = name === DEMO_MODEL || (setting !== 'video' && parseHubName(name) !== undefined);
  if (isNamed) return name;
  const near = candidates(name, options).filter((path) => existsSync(path));
  if (input === undefined && near.length > 0) return near[0];
  if (input !== undefined && input.kind !== 'video' && input.kind !== 'picture') {
    const [path] = [...(await recorded(input, options)), ...near];
    if (path !== undefined) return path;
  } else if (input !== undefined) {
    for (const path of near) if ((await sha256Path(path)) === input.sha256) return path;
    for (const path of await recorded(input, options)) if ((await sha256Path(path)) === input.sha256) return path;
  }
  const other = near.length > 0 ? `'${near[0]}' is another one` : 'it is neither here nor beside it nor among the runs';
  const content = input === undefined ? '' : ` (SHA-256 ${input.sha256.slice(0, 16)}...)`;
  throw new UsageError(
    `${options.near}: was made with the ${setting} '${name}'${content}, but ${other}; put it here, or say where it is`,
  );
}

/** Places to look for a name: here, beside the file, and in the folders above it. */
function candidates(name: string, { near, folder: given }: FindOptions): string[] {
  const places = [...(given === undefined ? [] : [join(given, name)]), resolve(name)];
  for (let folder = dirname(resolve(near)); ; folder = dirname(folder)) {
    places.push(join(folder, name));
    if (folder === dirname(folder)) return [...new Set(places)];
  }
}

/** The paths where runs on this machine had a file of this content. */
async function recorded({ sha256 }: MadeInput, { root }: FindOptions): Promise<string[]> {
  if (!existsSync(root)) return [];
  const paths = new Set<string>();
  for (const { folder } of await listRuns({ root })) {
    const record = await readRunRecord(folder).catch(() => undefined);
    for (const input of record?.inputs ?? []) {
      if (input.sha256 === sha256 && input.path !== undefined && existsSync(input.path)) paths.add(input.path);
    }
    if (paths.size > 0) break;
  }
  return [...paths];
}

/** Says where a given video is not the one of the settings. */
async function sayOther({ inputs }: MadeWith, { name, path }: { name: string; path: string }, options: FindOptions) {
  const input = inputs.find((each) => each.name === name);
  if (input && (await sha256Path(path)) !== input.sha256) {
    options.onWarning(`${path}: is another video than '${name}', of which ${options.near} was made`);
  }
}

/** Compares the model and what is applied to it with their hashes. */
async function checkModel(
  { command, inputs }: MadeWith,
  settings: Readonly<Record<string, unknown>>,
  { isOther, near, signal, onWarning }: FindOptions & { readonly isOther: boolean },
): Promise<void> {
  const rows = { ...CHECKPOINT, ...APPLIED };
  const options = (command === 'run' ? optionsFromStored(rows, settings) : settings) as LoadModelOptions;
  const asFiles = (list: readonly unknown[] = []): never[] =>
    list.map((each) => (typeof each === 'string' ? { file: each } : each)) as never[];
  const { config, vae, prediction, variant, controls, clipSkip, loras, embeddings } = options;
  const model = await loadModel(String(settings.model), {
    ...{ config, vae, prediction, variant, controls, clipSkip, loras: asFiles(loras), embeddings: asFiles(embeddings) },
    ...{ device: 'cpu', onWarning, ...(signal && { signal }) },
  } as LoadModelOptions);
  try {
    const here = modelInputs(model, await hashModel(model, { signal }));
    const changed = here.filter(
      ({ kind, sha256 }) => !inputs.some((each) => each.kind === kind && each.sha256 === sha256),
    );
    if (changed.length === 0) return;
    const names = changed.map(({ path = '' }) => `'${path}'`).join(', ');
    if (isOther) onWarning(`${names}: not of the same content as what made ${near}; the result will be another`);
    else {
      throw new UsageError(
        `${near}: was made with other weights than ${names}, which is found under the name now; name the model of it, or another one to use`,
      );
    }
  } finally {
    await model.dispose();
  }
}
