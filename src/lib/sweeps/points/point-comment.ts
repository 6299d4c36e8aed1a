// What made the videos of a point, for their metadata: its settings as a sweep file of one point, files by their names, and
// these files' contents as the point's identity has them.

import { sha256Json } from '../../base/hash.js';
import { type MadeInput, madeText, madeWith } from '../../base/made-with.js';
import { ownName } from '../../models/own-name.js';
import { renameFiles } from '../../settings/renamed-files.js';
import { storedTable } from '../../settings/stored.js';
import { SETTINGS } from '../../settings/table.js';
import type { PointJob } from '../jobs/job.js';

/** The text; undefined where the videos are to have none. */
export function pointComment({ settings, identity }: Pick<PointJob, 'settings' | 'identity'>): string | undefined {
  if (settings.metadata === false) return undefined;
  const { device, ...rest } = settings;
  const named = renameFiles(rest, ownName, storedTable(SETTINGS));
  return madeText(
    madeWith({
      command: 'run',
      device: String(identity.device ?? device),
      settings: named,
      inputs: inputsOf(settings, identity),
    }),
  );
}

/** The files of a point; `identifyPoint` hashes them in the order of the settings. */
function inputsOf(settings: PointJob['settings'], identity: PointJob['identity']): MadeInput[] {
  const { model, source, loras = [], embeddings = [], controls = [], training, render } = identity as Partial<Hashes>;
  const input = (kind: MadeInput['kind'], path: string, sha256: string | undefined): MadeInput[] =>
    sha256 === undefined ? [] : [{ kind, name: ownName(path), sha256 }];
  const files = (list: readonly (string | { readonly file: string })[] = []): string[] =>
    list.map((each) => (typeof each === 'string' ? each : each.file));
  const hashed = (list: readonly { readonly sha256: string }[], kind: MadeInput['kind'], paths: readonly string[]) =>
    paths.flatMap((path, i) => input(kind, path, list[i]?.sha256));
  return [
    ...input('video', settings.video, source?.video),
    ...input('model', settings.model, model && sha256Json(model)),
    ...hashed(loras, 'adapter', files(settings.loras)),
    ...hashed(embeddings, 'adapter', files(settings.embeddings)),
    ...(settings.controls ?? []).flatMap(({ path, map }, i) => [
      ...input('adapter', path, controls[i]?.sha256),
      ...(map === undefined ? [] : input('video', map, controls[i]?.map)),
    ]),
    ...hashed(training?.edits ?? [], 'picture', files(settings.edits)),
    ...(settings.mask === undefined ? [] : input('video', settings.mask, render?.mask)),
    ...(settings.negative_mask === undefined ? [] : input('video', settings.negative_mask, render?.negative_mask)),
  ];
}

/** The hashes in an identity (see `identifyPoint`). */
interface Hashes {
  readonly model: readonly string[];
  readonly source: { readonly video: string };
  readonly loras: readonly { readonly sha256: string }[];
  readonly embeddings: readonly { readonly sha256: string }[];
  readonly controls: readonly { readonly sha256: string; readonly map?: string }[];
  readonly render: { readonly mask?: string; readonly negative_mask?: string };
  readonly training: { readonly edits: readonly { readonly sha256: string }[] };
}
