// The part of tfjs-core's API that the lowering needs. Written here, because the package is optional: what is published must
// compile without it.

/** A tensor of TensorFlow.js, whose memory is freed by hand. */
export interface TfTensor {
  readonly shape: number[];
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

/** What a kernel takes beside tensors. */
export type Argument = number | boolean | string | readonly (number | readonly number[])[];

/** Functions of tfjs-core of each number by itself. */
export const UNARY_KERNELS = [
  ...(['neg', 'abs', 'sign', 'step', 'exp', 'log', 'sqrt', 'rsqrt'] as const),
  ...(['sin', 'cos', 'tanh', 'erf', 'sigmoid', 'square'] as const),
] as const;

/** Functions of tfjs-core that take tensors first and numbers after them. */
export const KERNELS = [
  ...UNARY_KERNELS,
  ...['add', 'sub', 'mul', 'div', 'maximum', 'sum', 'mean', 'matMul', 'softmax'],
  ...['reshape', 'transpose', 'broadcastTo', 'concat', 'slice', 'stridedSlice', 'reverse', 'pad'],
  ...['conv2d', 'conv2dTranspose', 'gather', 'scatterND', 'cast'],
] as const;

/** The module of TensorFlow.js. */
export interface Tfjs {
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype: 'float32' | 'int32'): TfTensor;
  /** Runs `compute` and frees every tensor that it made but its result. */
  tidy<T>(compute: () => T): T;
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  getBackend(): string;
  memory(): { numTensors: number; numBytes: number };
}

/** Name of one of these functions. */
export type Kernel = (typeof KERNELS)[number];

/** Applies a function to tensors; what it makes on the way is freed. */
export function applyKernel(
  tf: Tfjs,
  { kernel, args }: { readonly kernel: Kernel; readonly args: readonly Argument[] },
  inputs: readonly TfTensor[],
): TfTensor {
  const compute = (tf as unknown as Record<Kernel, (...given: unknown[]) => TfTensor>)[kernel];
  return tf.tidy(() => (kernel === 'concat' ? compute(inputs, ...args) : compute(...inputs, ...args)));
}
