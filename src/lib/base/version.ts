// The version of this package from its package.json.

import { readFileSync } from 'node:fs';

/** The package's version. package.json is two levels above `lib`, both in the sources and in the build. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
).version;
