// Turns a graph into an ONNX model. The caller decides where weights are stored; nothing is read or run here.

import { primitives } from '../../graph/primitives.js';
import { topologicalOrder } from '../../graph/traverse.js';
import type { Emitter, Node, OnnxAttributes, Op, Primitive } from '../../graph/types.js';
import type { Precision } from '../engine.js';
import { ATTRIBUTE_TYPES, type AttributeProto, type ModelProto, ONNX_TYPES, type TensorProto } from './schema.js';
import { wideValues } from './wide-values.js';

type FloatType = 'float32' | 'float16' | 'bfloat16';

/** Where a weight's bytes are: in an external file, in the model, or an input of each run. */
export type WeightPlace =
  | { kind: 'external'; dtype: FloatType; location: string; offset: number; length: number }
  | { kind: 'inline'; dtype: FloatType; bytes: Uint8Array }
  | { kind: 'input' };

/** Version of the operators: `Attention` needs 23; the WebGPU provider has some (Sin, Cos) only up to 21. */
const OPSET = { cpu: 23, gpu: 21 } as const;
const IR_VERSION = { cpu: 11, gpu: 10 } as const;

/** How a graph is lowered. */
export interface LoweringOptions {
  /** The kind of device. */
  readonly target?: 'cpu' | 'gpu';
  /** Of the arithmetic; inputs and outputs are float32 always. */
  readonly precision?: Precision | undefined;
}

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
 * Weights are cast to the type of the arithmetic where they are used: float32, or where it is asked for, float16.
 *
 * @param place where the weight of a name is stored
 */
export function lowerGraph(
  outputs: Readonly<Record<string, Node>>,
  place: (name: string) => WeightPlace,
  { target = 'cpu', precision = 'float32' }: LoweringOptions = {},
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
  const emitter = (type: Precision): Emitter => ({
    target,
    float: ONNX_TYPES[type],
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
    floats: (values, shape) => floats(constant('float32', shape, bytesOf(Float32Array.from(values))), 'float32', type),
  });
  const emit = emitter('float32');
  const narrow = emitter('float16');
  /** A value of floats as another type. */
  const floats = (name: string, from: FloatType, to: Precision): string =>
    from === to ? name : emit.op('Cast', [name], { to: ONNX_TYPES[to] });
  const declare = (name: string, node: Node): string => {
    inputs.push(valueInfo(name, node));
    return name;
  };
  const weight = (node: Node, name: string, to: Precision): string => {
    const where = place(name);
    if (where.kind === 'input')
      return floats(
        once(`weight ${name}`, () => declare(name, node)),
        'float32',
        to,
      );
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
    once(`weight ${name}`, () => {
      initializers.push(proto);
      return name;
    });
    return floats(name, where.dtype, to);
  };
  const wide = precision === 'float16' ? wideValues(Object.values(outputs)) : undefined;
  const typeOf = (node: Node): Precision => (wide === undefined || wide.has(node) ? 'float32' : 'float16');
  const values = new Map<Node, string>();
  for (const node of topologicalOrder(Object.values(outputs))) {
    const type = typeOf(node);
    const value = (): string => {
      if (is('input', node)) {
        const name = once(`input ${node.attributes.name}`, () => declare(node.attributes.name, node));
        return node.dtype === 'float32' ? floats(name, 'float32', type) : name;
      }
      if (is('weight', node)) return weight(node, node.attributes.name, type);
      if (is('constant', node)) {
        const { dtype, data } = node.attributes.value;
        const name = constant(dtype, node.shape, bytesOf(data));
        return dtype === 'float32' ? floats(name, dtype, type) : name;
      }
      const { onnx } = primitives[node.op] as unknown as Primitive<Op>;
      if (onnx === 'source') throw new Error(`lowerGraph: ${node.op} is a source that the engine does not know`);
      return onnx(
        type === 'float32' ? emit : narrow,
        node.inputs.map((input) => {
          const name = values.get(input)!;
          return input.dtype === 'float32' ? floats(name, typeOf(input), type) : name;
        }),
        node,
      );
    };
    values.set(node, value());
  }
  for (const [name, node] of Object.entries(outputs)) {
    const isNarrow = node.dtype === 'float32' && typeOf(node) === 'float16';
    const cast = { opType: 'Cast', attributes: { to: ONNX_TYPES.float32 } };
    append(name, { ...(isNarrow ? cast : { opType: 'Identity' }), input: [values.get(node)!] });
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
