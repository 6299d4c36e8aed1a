// How TensorFlow.js computes each primitive. A new one is added to one of these files; forgetting it is a compile error.

import type { Op } from '../../graph/types.js';
import { convolution } from './lowerings/convolution.js';
import { elementwise } from './lowerings/elementwise.js';
import { linear } from './lowerings/linear.js';
import { normalization } from './lowerings/normalization.js';
import { shape } from './lowerings/shape.js';
import type { Lowering } from './steps.js';

export const lowerings: { [O in Op]: Lowering<O> } = {
  ...{ input: 'source', weight: 'source', constant: 'source' },
  ...elementwise,
  ...linear,
  ...normalization,
  ...shape,
  ...convolution,
};
