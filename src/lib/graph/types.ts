// The elements of graphs. Nodes are immutable and refer to their inputs: a graph is everything that its outputs reach.

import type { Tensor } from '../tensor/tensor.js';

/** Element types of a graph: numbers are float32, indices are integers. */
export type GraphDType = 'float32' | 'int32' | 'int64';

/** Every primitive with its attributes. A primitive that is missing in the table of `primitives.ts` is a compile error. */
export interface Attributes {
  // Sources
  input: { name: string; shape: readonly number[]; dtype: GraphDType };
  weight: { name: string; shape: readonly number[] };
  constant: { value: Tensor<'float32' | 'int32' | 'int64'> };
  // One value in, one out
  negate: None;
  abs: None;
  sign: None;
  heaviside: None;
  exp: None;
  log: None;
  sqrt: None;
  sin: None;
  cos: None;
  tanh: None;
  erf: None;
  sigmoid: None;
  gelu: None;
  swish: { beta: number };
  stopGradient: None;
  // Two values in, broadcast
  add: None;
  subtract: None;
  multiply: None;
  divide: None;
  maximum: None;
  // Reductions and linear algebra
  sum: { axes: readonly number[]; keepDims: boolean };
  matmul: { transposeA: boolean; transposeB: boolean };
  softmax: None;
  attention: { heads: number };
  // Normalisation
  standardize: { epsilon: number };
  inverseDeviation: { epsilon: number };
  layerNorm: { epsilon: number };
  groupNorm: { groups: number; epsilon: number };
  // Shape
  reshape: { shape: readonly number[] };
  transpose: { permutation: readonly number[] };
  broadcast: { shape: readonly number[] };
  concat: { axis: number };
  slice: { starts: readonly number[]; ends: readonly number[]; steps: readonly number[] };
  pad: { before: readonly number[]; after: readonly number[] };
  // Pictures
  conv2d: { stride: number; padding: Padding };
  convTranspose2d: { stride: number; padding: Padding; height: number; width: number };
  resizeNearest: { height: number; width: number };
  // Indices
  gatherRows: None;
  scatterRows: { rows: number };
  toFloat: None;
}

type None = Record<never, never>;

/** Zeros added around a picture: top, left, bottom, right. */
export type Padding = readonly [number, number, number, number];

/** How a kernel moves over a picture. */
export interface ConvolutionOptions {
  /** Cells from one position of the kernel to the next; 1 by default. */
  stride?: number;
  /** Zeros around the picture, on each side or on all; 0 by default. */
  padding?: Padding | number;
}

export type Op = keyof Attributes;

/** A value of a graph: the primitive that computes it, its inputs and its shape. */
export interface Node<O extends Op = Op> {
  readonly op: O;
  readonly inputs: readonly Node[];
  readonly attributes: Readonly<Attributes[O]>;
  readonly shape: readonly number[];
  readonly dtype: GraphDType;
}

/** Shape and element type of a primitive's result. */
export interface ValueType {
  shape: readonly number[];
  dtype: GraphDType;
}

/** Receives the ONNX nodes of a lowering; names of values are strings, as in ONNX. */
export interface Emitter {
  /** The kind of device that runs the model: some lowerings have a faster form for one of them. */
  readonly target: 'cpu' | 'gpu';
  /** ONNX's number of the type of floats. */
  readonly float: number;
  /** The first output of a node, which is appended unless there is an equal one. */
  op(type: string, inputs: readonly string[], attributes?: OnnxAttributes, domain?: string): string;
  /** Another output of the node whose first output is `first`, counted from 0. */
  output(first: string, index: number): string;
  /** A constant of 64-bit integers, for shapes and axes. */
  int64s(values: readonly number[], shape?: readonly number[]): string;
  /** A constant of floats. */
  floats(values: ArrayLike<number>, shape: readonly number[]): string;
}

/** Attributes of an ONNX node: integers stay integers, `{ float }` marks the others. */
export type OnnxAttributes = Readonly<Record<string, number | string | readonly number[] | { float: number }>>;

/** A row of the table: a primitive's shape, its gradient and its lowering to ONNX. */
export interface Primitive<O extends Op> {
  /** Shape of the result. @throws UsageError when the inputs do not fit */
  type(inputs: readonly Node[], attributes: Attributes[O]): ValueType;
  /** Gradients with respect to each input from `dy`, the gradient of the result; null where none flows. */
  gradient(node: Node<O>, dy: Node, g: Ops): readonly (Node | null)[];
  /** Appends ONNX nodes that compute the result and returns its name. The engine itself handles sources. */
  onnx: ((emit: Emitter, inputs: readonly string[], node: Node<O>) => string) | 'source';
}

/** The operations of models, losses and gradient rules. Shapes are static; broadcasting is NumPy's. */
export interface Ops {
  /** A value passed to each run. */
  input(name: string, shape: readonly number[], dtype?: GraphDType): Node;
  /** A learned tensor: mapped from the checkpoint if frozen, an input if trained. */
  weight(name: string, shape: readonly number[]): Node;
  /** A value known when the graph is built. */
  constant(value: Tensor<'float32' | 'int32' | 'int64'>): Node;
  /** A float32 scalar. */
  scalar(value: number): Node;
  negate(x: Node): Node;
  abs(x: Node): Node;
  sign(x: Node): Node;
  /** 1 where x > 0, else 0. */
  heaviside(x: Node): Node;
  exp(x: Node): Node;
  log(x: Node): Node;
  sqrt(x: Node): Node;
  sin(x: Node): Node;
  cos(x: Node): Node;
  tanh(x: Node): Node;
  erf(x: Node): Node;
  sigmoid(x: Node): Node;
  /** x Phi(x), exact (by erf). */
  gelu(x: Node): Node;
  /** x sigmoid(beta x): SiLU at beta 1, CLIP's quick GELU at 1.702. */
  swish(x: Node, beta?: number): Node;
  /** x, which counts as a constant in gradients. */
  stopGradient(x: Node): Node;
  add(a: Node, b: Node): Node;
  subtract(a: Node, b: Node): Node;
  multiply(a: Node, b: Node): Node;
  divide(a: Node, b: Node): Node;
  maximum(a: Node, b: Node): Node;
  /** Sum over axes (all by default). */
  sum(x: Node, axes?: readonly number[], keepDims?: boolean): Node;
  /** Mean over axes (all by default). */
  mean(x: Node, axes?: readonly number[], keepDims?: boolean): Node;
  /** Matrix product over the last two axes, leading axes broadcast: a [.., M, K] b [.., K, N]. */
  matmul(a: Node, b: Node, options?: { transposeA?: boolean; transposeB?: boolean }): Node;
  /** Softmax over the last axis. */
  softmax(x: Node): Node;
  /** Scaled dot-product attention of q [B, T, E] to k and v [B, S, E], E split into heads: [B, T, E]. */
  attention(q: Node, k: Node, v: Node, heads: number): Node;
  /** (x - mean) / sqrt(variance + epsilon) over the last axis. */
  standardize(x: Node, epsilon: number): Node;
  /** 1 / sqrt(variance + epsilon) over the last axis, which is kept with length 1. */
  inverseDeviation(x: Node, epsilon: number): Node;
  /** Normalises the last axis, then scale [C] and bias [C]. */
  layerNorm(x: Node, scale: Node, bias: Node, epsilon: number): Node;
  /** Normalises groups of channels of x [B, C, ..], then scale [C] and bias [C]. */
  groupNorm(x: Node, scale: Node, bias: Node, options: { groups: number; epsilon: number }): Node;
  reshape(x: Node, shape: readonly number[]): Node;
  transpose(x: Node, permutation: readonly number[]): Node;
  /** Repeats axes of length 1 (and adds leading ones) up to `shape`. */
  broadcast(x: Node, shape: readonly number[]): Node;
  concat(parts: readonly Node[], axis: number): Node;
  /** x[start:end:step] on every axis; ends are exclusive, steps positive or -1 (which reverses a whole axis). */
  slice(x: Node, starts: readonly number[], ends: readonly number[], steps?: readonly number[]): Node;
  /** Reverses axes. */
  flip(x: Node, axes: readonly number[]): Node;
  /** Adds zeros around each axis. */
  pad(x: Node, before: readonly number[], after: readonly number[]): Node;
  /** Cross-correlation of x [B, I, H, W] with w [O, I, kh, kw], plus bias [O] if given. */
  conv2d(x: Node, w: Node, bias: Node | null, options?: ConvolutionOptions): Node;
  /** Adjoint of `conv2d` with these options: x [B, O, h, w] and w [O, I, kh, kw] to [B, I, height, width]. */
  convTranspose2d(x: Node, w: Node, options: ConvolutionOptions & { height: number; width: number }): Node;
  /** Nearest neighbour, source index floor(i * from / to) as in PyTorch: x [B, C, H, W]. */
  resizeNearest(x: Node, height: number, width: number): Node;
  /** Rows of a table [V, D] by indices [..]: [.., D]. */
  gatherRows(table: Node, indices: Node): Node;
  /** A table [rows, D] of zeros to which values [.., D] are added at indices [..]. */
  scatterRows(indices: Node, values: Node, rows: number): Node;
  /** Integers as float32. */
  toFloat(x: Node): Node;
}
