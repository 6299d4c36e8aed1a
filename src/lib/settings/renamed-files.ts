// The files that settings name, under other names: for settings that travel to another machine, and back.

import type { SettingTable } from './setting.js';
import { SETTINGS } from './table.js';

/** Settings with each path of a file or folder replaced by `rename(path, setting)`; settings of no table are unchanged. */
export function renameFiles(
  settings: Readonly<Record<string, unknown>>,
  rename: (path: string, setting: string) => string,
  table: SettingTable = SETTINGS,
): Record<string, unknown> {
  const renamed = Object.entries(settings).map(([name, value]) => {
    const kind = Object.hasOwn(table, name) ? table[name].kind : undefined;
    if (kind === 'path') return [name, rename(value as string, name)];
    if (kind === undefined || !LISTS.has(kind)) return [name, value];
    return [
      name,
      (value as readonly (string | Entry)[]).map((entry) => renameEntry(entry, (path) => rename(path, name))),
    ];
  });
  return Object.fromEntries(renamed);
}

/** Kinds whose values are lists of files, each a path or an object that has them. */
const LISTS: ReadonlySet<string> = new Set(['loras', 'embeddings', 'controls', 'edits']);
type Entry = Readonly<Record<string, unknown>>;

function renameEntry(entry: string | Entry, rename: (path: string) => string): unknown {
  if (typeof entry === 'string') return rename(entry);
  const named = ['file', 'path', 'map'].filter((key) => typeof entry[key] === 'string');
  return { ...entry, ...Object.fromEntries(named.map((key) => [key, rename(entry[key] as string)])) };
}
