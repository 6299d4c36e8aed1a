// The table of all primitives. A new one is added to `Attributes` (types.ts) and to one of these files.

import { convolution } from './primitives/convolution.js';
import { elementwise } from './primitives/elementwise.js';
import { linear } from './primitives/linear.js';
import { normalization } from './primitives/normalization.js';
import { shape } from './primitives/shape.js';
import { sources } from './primitives/sources.js';
import type { Op, Primitive } from './types.js';

export const primitives: { [O in Op]: Primitive<O> } = {
  ...sources,
  ...elementwise,
  ...linear,
  ...normalization,
  ...shape,
  ...convolution,
};
