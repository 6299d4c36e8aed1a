// A graph as steps of tfjs-core's functions, in the order of computation. Nothing is read or run here.

import { topologicalOrder } from '../../graph/traverse.js';
import type { Node, Op } from '../../graph/types.js';
import { shapeOf } from './kernel-shapes.js';
import { lowerings } from './lowerings.js';
import { rearranged } from './rearranged.js';
import type { Backend, Emitter, Lowering, Source, Step } from './steps.js';

/** The steps of a graph. */
export interface Plan {
  /** All steps that outputs need, inputs before their users. */
  readonly steps: readonly Step[];
  readonly outputs: ReadonlyMap<string, Step>;
}

/** The plan of `outputs` (name to value). @param trained names of the weights that are given at each run */
export function planGraph(
  outputs: Readonly<Record<string, Node>>,
  trained: ReadonlySet<string>,
  backend: Backend,
): Plan {
  const all: Step[] = [];
  const known = new Map<string, Step>();
  const once = (key: string, make: (id: number) => Step): Step => {
    const found = known.get(key);
    if (found) return found;
    const step = make(all.length);
    all.push(step);
    known.set(key, step);
    return step;
  };
  const given = (source: Source, key: string): Step =>
    once(key, (id) => {
      const fixed = source.op === 'constant' || (source.op === 'weight' && !trained.has(nameOf(source)));
      return { id, source, shape: source.shape, fixed, inputs: [] };
    });
  const constant = (dtype: 'float32' | 'int32', values: readonly number[], shape: readonly number[]): Step => {
    const data = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    const value = { dtype, shape, data } as Node<'constant'>['attributes']['value'];
    return given({ op: 'constant', inputs: [], attributes: { value }, shape, dtype }, `${dtype} ${shape} ${values}`);
  };
  const emit: Emitter = {
    backend,
    op: (kernel, inputs, ...args) =>
      rearranged(emit, { kernel, inputs, args }) ??
      once(`${kernel} ${inputs.map(({ id }) => id)} ${JSON.stringify(args)}`, (id) => {
        const shape = shapeOf(kernel, inputs, args);
        return { id, source: null, kernel, args, inputs, shape, fixed: inputs.every(({ fixed }) => fixed) };
      }),
    floats: (values, shape) => constant('float32', values, shape),
    int32s: (values, shape) => constant('int32', values, shape),
  };
  const values = new Map<Node, Step>();
  for (const node of topologicalOrder(Object.values(outputs))) values.set(node, lowered(emit, node, values, given));
  const named = new Map(Object.entries(outputs).map(([name, node]) => [name, values.get(node)!]));
  return { steps: withInputs(all, named.values()), outputs: named };
}

/** Those of `steps` that are wanted, and what they are computed from, in the same order. */
export function withInputs(steps: readonly Step[], wanted: Iterable<Step>): Step[] {
  const needed = new Set(wanted);
  for (const step of steps.toReversed()) if (needed.has(step)) for (const input of step.inputs) needed.add(input);
  return steps.filter((step) => needed.has(step));
}

function lowered(
  emit: Emitter,
  node: Node,
  values: ReadonlyMap<Node, Step>,
  given: (source: Source, key: string) => Step,
): Step {
  const lowering = lowerings[node.op] as Lowering<Op>;
  if (lowering === 'source') {
    const source = node as Source;
    return given(source, source.op === 'constant' ? `node ${values.size}` : `${source.op} ${nameOf(source)}`);
  }
  const inputs = node.inputs.map((input) => values.get(input)!);
  const step = lowering(emit, inputs, node);
  if (`${step.shape}` !== `${node.shape}`) {
    throw new Error(`planGraph: ${node.op} has the shape [${node.shape}], not [${step.shape}]`);
  }
  return step;
}

/** The name of an input or a weight. */
export function nameOf(source: Source): string {
  return (source.attributes as { name: string }).name;
}
