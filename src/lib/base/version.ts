// The version of this package, as its package.json says.

import { readFileSync } from 'node:fs';

/** The package's version: two levels above `lib`, in the sources as in what is built. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
).version;
