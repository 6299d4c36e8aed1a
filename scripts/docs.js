// @ts-check
// `npm run docs`: the API documentation of src/lib/index.ts as pages in docs/api. What has no docblock is an error.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Application, Logger, ReflectionKind } from 'typedoc';
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
    // Types that nobody has to name in their own code are written out where they are used (`@inline`); these are lists, whose
    // values stand in the types made of them.
    validation: { notExported: true, invalidLink: false },
    intentionallyNotExported: ['DEVICES', 'NOISE_MODES', 'SAMPLERS', 'STYLES'],
  });
  const project = await app.convert();
  if (!project) throw new Error('typedoc could not read src/lib/index.ts: see the lines above');
  return { app, project };
}

/**
 * What has no docblock: functions, types and constants, and the options of functions. Other properties may speak for
 * themselves.
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

/**
 * Types that the surface refers to without exporting them, as typedoc says it.
 *
 * @param {Application} app
 * @param {import('typedoc').ProjectReflection} project
 * @returns {string[]}
 */
export function unreachable(app, project) {
  /** @type {string[]} */
  const said = [];
  const { logger } = app;
  app.logger = Object.assign(new Logger(), {
    /** @param {string} message */
    log: (message) => said.push(message),
  });
  app.validate(project);
  app.logger = logger;
  return said.filter((message) => message.includes('not included in the documentation'));
}

async function main() {
  const { app, project } = await readSurface();
  const problems = [...undocumented(project).map((each) => `No docblock: ${each}`), ...unreachable(app, project)];
  for (const each of problems) console.error(each);
  if (problems.length > 0) return 1;
  await app.generateOutputs(project);
  console.log('docs/api/index.html');
  return app.logger.hasErrors() ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main();
