// `steadyframe again`: runs the command that made a picture or a video, from the settings in its metadata.

import { join } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { makeFolder } from '../../lib/base/atomic-folder.js';
import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { sha256Json } from '../../lib/base/hash.js';
import type { MadeWith } from '../../lib/base/made-with.js';
import { VERSION } from '../../lib/base/version.js';
import { findFiles } from '../../lib/renderings/find-files.js';
import { TOP_SETTINGS } from '../../lib/sweeps/file/point-settings.js';
import { runsRoot } from '../../lib/tracking/stored/run-record.js';
import { requireOrigin } from '../../lib/video/metadata/origin.js';
import type { AgainValues } from '../commands/again.js';
import { type Context, shellCommand } from '../context.js';
import { commandArguments } from '../setting-flags.js';

export async function run(
  context: Context,
  file: string,
  values: AgainValues,
  { parent, args: [, ...more] }: Command,
): Promise<void> {
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const made = await requireOrigin(file, { signal: terminal.signal, onWarning: warn });
  const command = parent?.commands.find((each) => each.name() === made.command);
  if (command === undefined) {
    throw new UsageError(
      `${file}: was made by a command '${made.command}' of version ${made.steadyframe}, which is not here`,
    );
  }
  if (made.steadyframe !== VERSION) {
    warn(`${file}: was made by version ${made.steadyframe}; this is ${VERSION}, whose result may differ`);
  }
  const root = runsRoot(terminal.env);
  const { video, model, in: folder } = values;
  const places = { near: file, root, ...given({ folder, video, model }), signal: terminal.signal, onWarning: warn };
  const settings = await findFiles(made, places);
  const own =
    made.command === 'run'
      ? [await sweepFile(root, made, settings)]
      : commandArguments(command, settings, `${file}: the setting`);
  const out = values.out === undefined ? [] : ['--out', values.out];
  const args = [made.command, ...own, ...(values.quiet ? ['--quiet'] : []), ...out, ...more];
  if (values.dryRun) {
    terminal.out(`${shellCommand(args)}\n`);
    return;
  }
  context.reporter.note(shellCommand(args));
  context.args = args;
  await parent?.parseAsync(args, { from: 'user' });
}

/** A sweep file of one point, in the folder of all runs. */
async function sweepFile(root: string, made: MadeWith, settings: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = join(root, '.again');
  const entries = Object.entries(settings);
  const isTop = (name: string): boolean => (TOP_SETTINGS as readonly string[]).includes(name);
  const sweep = {
    method: 'grid',
    ...Object.fromEntries(entries.filter(([name]) => isTop(name))),
    parameters: Object.fromEntries(entries.filter(([name]) => !isTop(name)).map(([name, value]) => [name, { value }])),
  };
  const path = join(folder, `${sha256Json(made).slice(0, 8)}.json`);
  await makeFolder(folder);
  await writeFileAtomic(path, `${JSON.stringify(sweep, null, 1)}\n`);
  return path;
}
