// @ts-check
// `npm run docs`: the API documentation of src/lib/index.ts as pages in docs/api. What has no docblock is an error.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Application, ReflectionKind } from 'typedoc';
import { root } from './setup.js';

/**
 * Reads the public surface.
 *
 * @returns {Promise<{ app: Application, project: import('typedoc').ProjectReflection }>}
 */
export async function readSurface() {
  const app = await Application.bootstrap({
    entryPoints: [join(root, 'src/lib/index.ts')],
    tsconfig: join(root, 'tsconfig.build.json'),
    name: 'steadyframe',
    readme: join(root, 'README.md'),
    out: join(root, 'docs/api'),
    excludeInternal: true,
    disableGit: true,
    sourceLinkTemplate: '{path}:{line}',
    // Types are checked by `npm run types`.
    skipErrorChecking: true,
    logLevel: 'Warn',
    // What the surface does not name has its own place in the sources.
    validation: { notExported: false, invalidLink: false },
  });
  const project = await app.convert();
  if (!project) throw new Error('typedoc could not read src/lib/index.ts: see the lines above');
  return { app, project };
}

/**
 * What has no docblock: functions, types and constants, and the options of functions. Other properties may speak for themselves.
 *
 * @param {import('typedoc').ProjectReflection} project
 * @returns {string[]} names with their files
 */
export function undocumented(project) {
  const things = ReflectionKind.SomeExport & ~ReflectionKind.Enum;
  const isOption = (/** @type {import('typedoc').Reflection} */ each) =>
    each.kindOf(ReflectionKind.Property) && /Options$/.test(each.parent?.name ?? '');
  return Object.values(project.reflections)
    .filter((each) => each.isDeclaration() && (each.parent === project ? each.kindOf(things) : isOption(each)))
    .filter(
      (each) => !each.hasComment() && !(each.isDeclaration() && each.signatures?.every((one) => one.hasComment())),
    )
    .map((each) => `${each.getFullName()} in ${(each.isDeclaration() && each.sources?.[0]?.fileName) || 'src/lib'}`)
    .sort();
}

async function main() {
  const { app, project } = await readSurface();
  const missing = undocumented(project);
  for (const each of missing) console.error(`No docblock: ${each}`);
  if (missing.length > 0) return 1;
  await app.generateOutputs(project);
  console.log('docs/api/index.html');
  return app.logger.hasErrors() ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main();
