// Joins what only rearranges numbers, and lets transpositions sink below what works on each number by itself: between
// convolutions, whose kernels want channels last, pictures then stay as they are. Values are the same bit by bit.

import { sizeOf } from '../../tensor/tensor.js';
import { type Argument, type Kernel, UNARY_KERNELS } from './api.js';
import { type CallStep, type Emitter, isCall, type Step } from './steps.js';

/** A function to be applied. */
interface NewCall {
  readonly kernel: Kernel;
  readonly inputs: readonly Step[];
  readonly args: readonly Argument[];
}

type Axes = readonly number[];

const UNARY: ReadonlySet<Kernel> = new Set<Kernel>(UNARY_KERNELS);
const BINARY: ReadonlySet<Kernel> = new Set<Kernel>(['add', 'sub', 'mul', 'div']);

/** So many times smaller is what is transposed in order to save the transposition of something else. */
const SMALLER = 4;

/** An equal value in fewer or cheaper steps, if there is one. */
export function rearranged(emit: Emitter, { kernel, inputs, args }: NewCall): Step | undefined {
  const [x] = inputs;
  if (kernel === 'transpose') return joinedTransposition(emit, x, args[0] as Axes);
  if (kernel === 'reshape') return joinedReshape(emit, x, args[0] as Axes);
  if (UNARY.has(kernel) && isCall(x, 'transpose')) return transposed(emit, emit.op(kernel, x.inputs), axesOf(x));
  if (BINARY.has(kernel)) return sunkBelowPair(emit, { kernel, inputs, args });
  if (
    kernel === 'concat' &&
    inputs.every((part) => isCall(part, 'transpose') && `${axesOf(part)}` === `${axesOf(x as CallStep)}`)
  ) {
    const axes = axesOf(x as CallStep);
    return transposed(
      emit,
      emit.op(
        'concat',
        inputs.map((part) => part.inputs[0]),
        axes[args[0] as number],
      ),
      axes,
    );
  }
  return undefined;
}

const axesOf = (step: CallStep): Axes => step.args[0] as Axes;
const transposed = (emit: Emitter, x: Step, axes: Axes): Step => emit.op('transpose', [x], axes);
const inverse = (axes: Axes): Axes => axes.map((_, i) => axes.indexOf(i));

function joinedTransposition(emit: Emitter, x: Step, axes: Axes): Step | undefined {
  if (axes.every((axis, i) => axis === i)) return x;
  if (!isCall(x, 'transpose')) return undefined;
  const first = axesOf(x);
  return transposed(
    emit,
    x.inputs[0],
    axes.map((axis) => first[axis]),
  );
}

/** Also: cells of pictures with channels last become rows, and rows cells, without a transposition. */
function joinedReshape(emit: Emitter, x: Step, shape: Axes): Step | undefined {
  if (`${shape}` === `${x.shape}`) return x;
  if (isCall(x, 'reshape')) return emit.op('reshape', x.inputs, shape);
  if (!isCall(x, 'transpose') || shape[0] !== x.shape[0] || shape[1] !== x.shape[1]) return undefined;
  const [inner] = x.inputs;
  const [batch, channels, ...cells] = shape;
  const within = emit.op.bind(emit, 'reshape', [inner]);
  if (`${axesOf(x)}` === '0,3,1,2' && cells.length === 1)
    return transposed(emit, within([batch, ...cells, channels]), [0, 2, 1]);
  if (`${axesOf(x)}` === '0,2,1' && cells.length === 2)
    return transposed(emit, within([batch, ...cells, channels]), [0, 3, 1, 2]);
  return undefined;
}

/** a and b, both transposed in the same way; or one of them, and the other small enough to be transposed back. */
function sunkBelowPair(emit: Emitter, { kernel, inputs: [a, b], args }: NewCall): Step | undefined {
  const leading = [a, b].find(
    (x): x is CallStep => isCall(x, 'transpose') && x.shape.length >= Math.max(a.shape.length, b.shape.length),
  );
  if (!leading) return undefined;
  const axes = axesOf(leading);
  const alike = (x: Step): boolean => isCall(x, 'transpose') && `${axesOf(x)}` === `${axes}`;
  const sunk: Step[] = [];
  for (const x of [a, b]) {
    const { shape, inputs } = x;
    if (alike(x)) sunk.push(inputs[0]);
    else if (sizeOf(shape) === 1) sunk.push(emit.op('reshape', [x], []));
    else if (sizeOf(shape) * SMALLER <= sizeOf(leading.shape)) {
      const filled = emit.op('reshape', [x], [...axes.slice(shape.length).map(() => 1), ...shape]);
      sunk.push(transposed(emit, filled, inverse(axes)));
    } else return undefined;
  }
  return transposed(emit, emit.op(kernel, sunk, ...args), axes);
}
