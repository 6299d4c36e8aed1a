// Turns a graph into an ONNX model. The caller decides where weights are stored; nothing is read or run here.

import { primitives } from '../../graph/primitives.js';
import { topologicalOrder } from '../../graph/traverse.js';
import type { Emitter, Node, OnnxAttributes, Op, Primitive } from '../../graph/types.js';
import { ATTRIBUTE_TYPES, type AttributeProto, type ModelProto, ONNX_TYPES, type TensorProto } from './schema.js';

/** Where a weight's bytes are: in an external file, in the model, or an input of each run. */
export type WeightPlace =
  | { kind: 'external'; dtype: 'float32' | 'float16' | 'bfloat16'; location: string; offset: number; length: number }
  | { kind: 'inline'; dtype: 'float32' | 'float16' | 'bfloat16'; bytes: Uint8Array }
  | { kind: 'input' };

/** Version of the operators: `Attention` needs 23; the WebGPU provider has some (Sin, Cos) only up to 21. */
const OPSET = { cpu: 23, gpu: 21 } as const;
const IR_VERSION = { cpu: 11, gpu: 10 } as const;

/** An ONNX node to append. */
interface NewNode {
  readonly opType: string;
  /** ONNX's own operators by default. */
  readonly domain?: string;
  readonly input: readonly string[];
  readonly attributes?: OnnxAttributes;
}

/**
 * The ONNX model that computes `outputs` (name to value).
 *
 * Weights stored as float16 or bfloat16 are cast to float32 where they are used, so arithmetic is always float32.
 *
 * @param place where the weight of a name is stored
 */
export function lowerGraph(
  outputs: Readonly<Record<string, Node>>,
  place: (name: string) => WeightPlace,
  target: 'cpu' | 'gpu' = 'cpu',
): ModelProto {
  const nodes: ModelProto['graph']['node'][number][] = [];
  const initializers: TensorProto[] = [];
  const inputs: ModelProto['graph']['input'][number][] = [];
  const constants = new Map<string, string>();
  const named = new Map<string, string>();
  let counter = 0;

  /** Outputs of each node by the name of the first, so that further ones can be requested. */
  const outputsOf = new Map<string, string[]>();
  const append = (first: string, { opType, domain = '', input, attributes = {} }: NewNode) => {
    const output = [first];
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    nodes.push({ opType, domain, input, output, attribute });
    outputsOf.set(first, output);
    return first;
  };
  const constant = (dtype: 'float32' | 'int32' | 'int64', shape: readonly number[], bytes: Uint8Array): string => {
    const key = `${dtype} ${shape} ${bytes.length > 4096 ? counter++ : Buffer.from(bytes).toString('base64')}`;
    const known = constants.get(key);
    if (known) return known;
    const name = `c${counter++}`;
    initializers.push({ name, dims: shape, dataType: ONNX_TYPES[dtype], rawData: bytes });
    constants.set(key, name);
    return name;
  };
  const once = (key: string, make: () => string): string => {
    const known = named.get(key);
    if (known) return known;
    const value = make();
    named.set(key, value);
    return value;
  };
  const emit: Emitter = {
    target,
    op: (opType, input, attributes = {}, domain = '') =>
      once(`op ${JSON.stringify([domain, opType, attributes, input])}`, () =>
        append(`v${counter++}`, { opType, domain, input, attributes }),
      ),
    output: (first, index) => {
      const names = outputsOf.get(first)!;
      while (names.length <= index) names.push('');
      names[index] ||= `v${counter++}`;
      return names[index];
    },
    int64s: (values, shape = [values.length]) =>
      constant('int64', shape, bytesOf(BigInt64Array.from(values, (value) => BigInt(value)))),
    floats: (values, shape) => constant('float32', shape, bytesOf(Float32Array.from(values))),
  };
  const declare = (name: string, node: Node): string => {
    inputs.push(valueInfo(name, node));
    return name;
  };
  const weight = (node: Node, name: string): string => {
    const where = place(name);
    if (where.kind === 'input') return declare(name, node);
    const proto: TensorProto = { name, dims: node.shape, dataType: ONNX_TYPES[where.dtype] };
    if (where.kind === 'inline') proto.rawData = where.bytes;
    else {
      proto.dataLocation = 1;
      proto.externalData = [
        { key: 'location', value: where.location },
        { key: 'offset', value: String(where.offset) },
        { key: 'length', value: String(where.length) },
      ];
    }
    initializers.push(proto);
    return where.dtype === 'float32' ? name : emit.op('Cast', [name], { to: ONNX_TYPES.float32 });
  };
  const values = new Map<Node, string>();
  for (const node of topologicalOrder(Object.values(outputs))) {
    const value = (): string => {
      if (is('input', node)) return once(`input ${node.attributes.name}`, () => declare(node.attributes.name, node));
      if (is('weight', node)) return once(`weight ${node.attributes.name}`, () => weight(node, node.attributes.name));
      if (is('constant', node)) {
        const { dtype, data } = node.attributes.value;
        return constant(dtype, node.shape, bytesOf(data));
      }
      const { onnx } = primitives[node.op] as unknown as Primitive<Op>;
      if (onnx === 'source') throw new Error(`lowerGraph: ${node.op} is a source that the engine does not know`);
      return onnx(
        emit,
        node.inputs.map((input) => values.get(input)!),
        node,
      );
    };
    values.set(node, value());
  }
  for (const [name, node] of Object.entries(outputs)) {
    append(name, { opType: 'Identity', input: [values.get(node)!] });
  }

  return {
    irVersion: IR_VERSION[target],
    producerName: 'steadyframe',
    opsetImport: [
      { domain: '', version: OPSET[target] },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'graph',
      node: nodes,
      initializer: initializers,
      input: inputs,
      output: Object.entries(outputs).map(([name, node]) => valueInfo(name, node)),
    },
  };
}

function is<O extends Op>(op: O, node: Node): node is Node<O> & Node {
  return node.op === op;
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function valueInfo(name: string, { shape, dtype }: Node): ModelProto['graph']['input'][number] {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: ONNX_TYPES[dtype], shape: { dim } } } };
}

function attributeProto(name: string, value: OnnxAttributes[string]): AttributeProto {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPES.int, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE_TYPES.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: ATTRIBUTE_TYPES.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPES.ints, ints: value };
}
