// @ts-check
// `npm run build`: compiles src into dist, always.

import { build } from './setup.js';

const { ok, output } = build();
if (output) console.error(output.trimEnd());
process.exitCode = ok ? 0 : 1;
