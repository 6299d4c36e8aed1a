// Assembles WebAssembly modules whose functions run over arrays of float32, four numbers at a time. What they compute is
// weight-kernels.ts's.

/** Instructions that leave one value on the stack. */
export type Code = readonly number[];

/** What a function's loop is written with. Arrays and scalars go by their names. */
export interface Loop {
  /** The next four numbers of an array. */
  load(array: string): Code;
  store(array: string, value: Code): void;
  /** A scalar, four times. */
  scalar(name: string): Code;
  /** Computes a value once, where it is used more often. */
  once(value: Code): Code;
  /** Adds two numbers of double precision to the function's result; their order of addition is fixed. */
  sum(value: Code): void;
}

/** One function `(count, ...scalars)` of a module. */
export interface LoopFunction {
  readonly name: string;
  /** Names of arrays in the order in which they lie in memory. */
  readonly arrays: readonly string[];
  readonly scalars: readonly string[];
  build(loop: Loop): void;
}

const I32 = 0x7f;
const F32 = 0x7d;
const F64 = 0x7c;
const V128 = 0x7b;

/** Operations on four float32 numbers, or on two of double precision (`double`). */
export const simd = {
  add: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe4, 0x01],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe5, 0x01],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe6, 0x01],
  divide: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe7, 0x01],
  sqrt: (a: Code): Code => [...a, 0xfd, 0xe3, 0x01],
  /** The first two of four numbers in double precision. */
  double: (a: Code): Code => [...a, 0xfd, 0x5f],
  /** The last two of four numbers, moved to the front. */
  lastTwo: (a: Code): Code => [...a, ...a, 0xfd, 0x0d, ...Array.from({ length: 16 }, (_, i) => 8 + (i % 8))],
  multiplyDouble: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xf2, 0x01],
};

const addDouble = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xf0, 0x01];
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

/**
 * The binary of a module. Each function works on the first `count` numbers of its arrays, `count` a multiple of 4; array i lies
 * at byte `i * arrayBytes` of the exported `memory`. Every function returns the sum of its loop (0 where it sums nothing).
 */
export function assemble(functions: readonly LoopFunction[], arrayBytes: number): Uint8Array {
  const most = Math.max(...functions.map(({ arrays }) => arrays.length));
  const pages = Math.ceil((most * arrayBytes) / 65536);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      vector(functions.map(({ scalars }) => [0x60, ...vector([[I32], ...scalars.map(() => [F32])]), 1, F64])),
    ),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(5, vector([[0x00, ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        [...text('memory'), 0x02, 0x00],
        ...functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]),
      ]),
    ),
    ...section(10, vector(functions.map((each) => sized(body(each, arrayBytes))))),
  ]);
}

function body({ arrays, scalars, build }: LoopFunction, arrayBytes: number): Code {
  // Parameters: the count, then the scalars. Locals: the place in bytes, then vectors.
  const place = 1 + scalars.length;
  const vectors = place + 1;
  const sums: number[] = [];
  let locals = vectors + scalars.length;
  const steps: number[] = [];
  const memory = (array: string): Code => [0x04, ...unsigned(arrays.indexOf(array) * arrayBytes)];
  const once = (value: Code): Code => {
    const local = locals++;
    steps.push(...set(local, value));
    return get(local);
  };
  build({
    load: (array) => once([...get(place), 0xfd, 0x00, ...memory(array)]),
    store: (array, value) => steps.push(...get(place), ...value, 0xfd, 0x0b, ...memory(array)),
    scalar: (name) => get(vectors + scalars.indexOf(name)),
    once,
    sum(value) {
      const local = locals++;
      sums.push(local);
      steps.push(...set(local, addDouble(get(local), value)));
    },
  });
  const splats = scalars.flatMap((_, i) => set(vectors + i, [...get(1 + i), 0xfd, 0x13]));
  // The loop: do { steps; place += 16 } while (place < 4 count).
  const next = [...get(place), 0x41, 16, 0x6a, 0x22, ...unsigned(place), ...get(0), 0x41, 2, 0x74, 0x49, 0x0d, 0x00];
  const loop = [0x03, 0x40, ...steps, ...next, 0x0b];
  const zero = [0x44, 0, 0, 0, 0, 0, 0, 0, 0];
  const lanes = sums.flatMap((local) => [0, 1].flatMap((lane) => [...get(local), 0xfd, 0x21, lane, 0xa0]));
  const declared = vector([
    [1, I32],
    [...unsigned(locals - vectors), V128],
  ]);
  return [...declared, ...splats, ...loop, ...zero, ...lanes, 0x0b];
}

const section = (id: number, content: Code): Code => [id, ...sized(content)];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Code => sized([...Buffer.from(value)]);

/** A number in LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}
