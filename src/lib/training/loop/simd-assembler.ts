// Assembles WebAssembly modules whose functions process arrays of float32, four numbers at a time, for weight-kernels.ts.
// Binary format: WebAssembly Core Specification 2.0, chapter 5,
// https://www.w3.org/TR/wasm-core-2/#binary-format%E2%91%A0.

/** Instructions that leave one value on the stack. */
export type Code = readonly number[];

/** Operations in a function's loop. Arrays and scalars are referred to by name. */
export interface Loop {
  /** The next four numbers of an array. */
  load(array: string): Code;
  store(array: string, value: Code): void;
  /** A scalar, repeated four times. */
  scalar(name: string): Code;
  /** Computes a value once that is used several times. */
  once(value: Code): Code;
  /** Adds two double-precision numbers to the function's result, in a fixed order. */
  sum(value: Code): void;
}

/** One function `(count, ...scalars)` of a module. */
export interface LoopFunction {
  readonly name: string;
  /** Names of arrays in memory order. */
  readonly arrays: readonly string[];
  readonly scalars: readonly string[];
  build(loop: Loop): void;
}

/** `\\0asm`, and version 1 of the format. */
const MAGIC: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Types of values (specification 5.3.1 to 5.3.3), and of a function and of a block without a result. */
const TYPE = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b, function: 0x60, empty: 0x40 } as const;

/** Sections of a module (specification 5.5.2). */
const SECTION = { types: 1, functions: 3, memories: 5, exports: 7, code: 10 } as const;

/** Kinds of exports (specification 5.5.10). */
const EXPORT = { function: 0x00, memory: 0x02 } as const;

/** Instructions without vectors (specification 5.4.1 to 5.4.7), by the specification's names. */
const OP = {
  loop: 0x03,
  end: 0x0b,
  br_if: 0x0d,
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'i32.const': 0x41,
  'f64.const': 0x44,
  'i32.lt_u': 0x49,
  'i32.add': 0x6a,
  'i32.shl': 0x74,
  'f64.add': 0xa0,
  vector: 0xfd,
} as const;

/** Vector instructions (specification 5.4.8): opcodes after the prefix `OP.vector`. */
const VECTOR = {
  'v128.load': 0,
  'v128.store': 11,
  'i8x16.shuffle': 13,
  'f32x4.splat': 19,
  'f64x2.extract_lane': 33,
  'f64x2.promote_low_f32x4': 95,
  'f32x4.sqrt': 227,
  'f32x4.add': 228,
  'f32x4.sub': 229,
  'f32x4.mul': 230,
  'f32x4.div': 231,
  'f64x2.add': 240,
  'f64x2.mul': 242,
} as const;

const vector = (name: keyof typeof VECTOR): Code => [OP.vector, ...unsigned(VECTOR[name])];

/** Operations on four float32 numbers, or on two double-precision ones (`double`). */
export const simd = {
  add: (a: Code, b: Code): Code => [...a, ...b, ...vector('f32x4.add')],
  subtract: (a: Code, b: Code): Code => [...a, ...b, ...vector('f32x4.sub')],
  multiply: (a: Code, b: Code): Code => [...a, ...b, ...vector('f32x4.mul')],
  divide: (a: Code, b: Code): Code => [...a, ...b, ...vector('f32x4.div')],
  sqrt: (a: Code): Code => [...a, ...vector('f32x4.sqrt')],
  /** The first two of four numbers in double precision. */
  double: (a: Code): Code => [...a, ...vector('f64x2.promote_low_f32x4')],
  /** The last two of four numbers, moved to the front: bytes 8 to 15, twice. */
  lastTwo: (a: Code): Code => [
    ...a,
    ...a,
    ...vector('i8x16.shuffle'),
    ...Array.from({ length: 16 }, (_, i) => 8 + (i % 8)),
  ],
  multiplyDouble: (a: Code, b: Code): Code => [...a, ...b, ...vector('f64x2.mul')],
};

const get = (local: number): Code => [OP['local.get'], ...unsigned(local)];
const set = (local: number, value: Code): Code => [...value, OP['local.set'], ...unsigned(local)];

/**
 * The binary of a module. Each function processes the first `count` numbers of its arrays, `count` a multiple of 4; array i
 * is at byte `i * arrayBytes` of the exported `memory`. Every function returns the sum of its loop (0 without a sum).
 */
export function assemble(functions: readonly LoopFunction[], arrayBytes: number): Uint8Array {
  const most = Math.max(...functions.map(({ arrays }) => arrays.length));
  const pages = Math.ceil((most * arrayBytes) / 65536);
  const types = functions.map(({ scalars }) => {
    const parameters = list([[TYPE.i32], ...scalars.map(() => [TYPE.f32])]);
    return [TYPE.function, ...parameters, ...list([[TYPE.f64]])];
  });
  const exported = [
    [...text('memory'), EXPORT.memory, 0],
    ...functions.map(({ name }, i) => [...text(name), EXPORT.function, ...unsigned(i)]),
  ];
  return Uint8Array.from([
    ...MAGIC,
    ...section(SECTION.types, list(types)),
    ...section(SECTION.functions, list(functions.map((_, i) => unsigned(i)))),
    // A memory without a maximum size.
    ...section(SECTION.memories, list([[0x00, ...unsigned(pages)]])),
    ...section(SECTION.exports, list(exported)),
    ...section(SECTION.code, list(functions.map((each) => sized(body(each, arrayBytes))))),
  ]);
}

function body({ arrays, scalars, build }: LoopFunction, arrayBytes: number): Code {
  // Parameters: the count, then the scalars. Locals: the offset in bytes, then vectors.
  const place = 1 + scalars.length;
  const vectors = place + 1;
  const sums: number[] = [];
  let locals = vectors + scalars.length;
  const steps: number[] = [];
  // Alignment 2^4, then the offset.
  const memory = (array: string): Code => [4, ...unsigned(arrays.indexOf(array) * arrayBytes)];
  const once = (value: Code): Code => {
    const local = locals++;
    steps.push(...set(local, value));
    return get(local);
  };
  build({
    load: (array) => once([...get(place), ...vector('v128.load'), ...memory(array)]),
    store: (array, value) => steps.push(...get(place), ...value, ...vector('v128.store'), ...memory(array)),
    scalar: (name) => get(vectors + scalars.indexOf(name)),
    once,
    sum(value) {
      const local = locals++;
      sums.push(local);
      steps.push(...set(local, [...get(local), ...value, ...vector('f64x2.add')]));
    },
  });
  const splats = scalars.flatMap((_, i) => set(vectors + i, [...get(1 + i), ...vector('f32x4.splat')]));
  // do { steps; place += 16 } while (place < count << 2).
  const advanced = [...get(place), OP['i32.const'], 16, OP['i32.add'], OP['local.tee'], ...unsigned(place)];
  const end = [...get(0), OP['i32.const'], 2, OP['i32.shl']];
  const loop = [OP.loop, TYPE.empty, ...steps, ...advanced, ...end, OP['i32.lt_u'], OP.br_if, 0, OP.end];
  const zero = [OP['f64.const'], 0, 0, 0, 0, 0, 0, 0, 0];
  const lane = (local: number, i: number): Code => [...get(local), ...vector('f64x2.extract_lane'), i, OP['f64.add']];
  const lanes = sums.flatMap((local) => [...lane(local, 0), ...lane(local, 1)]);
  const declared = list([
    [1, TYPE.i32],
    [...unsigned(locals - vectors), TYPE.v128],
  ]);
  return [...declared, ...splats, ...loop, ...zero, ...lanes, OP.end];
}

const section = (id: number, content: Code): Code => [id, ...sized(content)];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
/** A vector of the binary format: its length, then its items. */
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Code => sized([...Buffer.from(value)]);

/** A number in LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}
