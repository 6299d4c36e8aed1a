// The package as published by npm, packed from the current sources.

import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile, isBuilt, npm, root } from '../../scripts/setup.js';

/** A packed package. */
export interface Packed {
  /** Its content, unpacked. */
  readonly folder: string;
  readonly tarball: string;
  /** Paths of its files. */
  readonly files: readonly string[];
}

/** Packs the `files` of package.json into `place`, after compiling `dist` if it is out of date. */
export function packPackage(place: string): Packed {
  const folder = join(place, 'package');
  mkdirSync(folder, { recursive: true });
  if (isBuilt()) cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  else {
    const { ok, output } = compile(join(folder, 'dist'));
    if (!ok) throw new Error(output);
  }
  const listed: string[] = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).files;
  for (const name of ['package.json', ...listed.filter((file) => file !== 'dist' && !file.startsWith('!'))]) {
    if (!existsSync(join(root, name))) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', place];
  const { status, stdout, stderr } = npm(args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(String(stderr));
  // npm 12 prints an object by package name, older versions a list.
  const [report] = Object.values(JSON.parse(String(stdout))) as { filename: string; files: { path: string }[] }[];
  return { folder, tarball: join(place, report.filename), files: report.files.map(({ path }) => path) };
}
