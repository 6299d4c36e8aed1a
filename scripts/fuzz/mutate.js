// @ts-check
// Damaged versions of files: bits and blocks of any file, and values of those whose structure is known.

/** @typedef {import('./random.js').Random} Random */
/** @typedef {'bytes' | 'text' | 'json' | 'lines' | 'yaml' | 'safetensors'} Format */

const NUMBERS = [
  0,
  -1,
  1,
  2,
  7,
  255,
  256,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  1e18,
  1e308,
  0.5,
  -0.5,
];
const WORDS = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '',
  ' ',
  '../../../etc/passwd',
  '/etc/passwd',
  '\u0000',
  '\u001b[31m',
  'NaN',
  'null',
  '\ud800',
];
const TEXTS = [
  'NaN',
  '.nan',
  '.inf',
  '-0',
  '1e999',
  '&a [*a]',
  '*a',
  '<<: *a',
  '---\n',
  '...\n',
  '!!binary x',
  '!!js/function x',
  '\t',
  '? ',
  '{',
  ']',
  '"',
  "'",
  '\u0000',
  '\ufeff',
];

/** One damaged version. @param {Buffer} bytes @param {Format} format @param {Random} random @returns {Buffer} */
export function mutate(bytes, format, random) {
  // Structure first: without it hardly anything gets past the first check.
  if (format !== 'bytes' && random.unit() < 0.75) {
    const structured = STRUCTURED[format](bytes, random);
    return random.unit() < 0.9 ? structured : mutateBytes(structured, random);
  }
  return mutateBytes(bytes, random);
}

/** @type {Record<Exclude<Format, 'bytes'>, (bytes: Buffer, random: Random) => Buffer>} */
const STRUCTURED = {
  text: mutateText,
  json: mutateJson,
  lines: mutateLines,
  yaml: mutateText,
  safetensors: mutateSafetensors,
};

/** @type {((bytes: Buffer, random: Random) => Buffer)[]} */
const BYTES = [
  function flipBits(bytes, random) {
    const out = Buffer.from(bytes);
    for (let n = 1 + random.below(8); n > 0; n--) out[random.below(out.length)] ^= 1 << random.below(8);
    return out;
  },
  function cutOff(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function writeNumber(bytes, random) {
    const out = Buffer.from(bytes);
    const size = random.pick([1, 2, 4, 8]);
    if (out.length < size) return out;
    // Lengths and counts stand at the beginning more often than elsewhere.
    const at = random.below(random.unit() < 0.5 ? Math.min(256, out.length - size + 1) : out.length - size + 1);
    const value = BigInt.asUintN(8 * size, BigInt(Math.trunc(random.pick(NUMBERS.slice(0, 13)))));
    const order = [...Array(size).keys()];
    if (random.unit() < 0.5) order.reverse();
    for (const [i, place] of order.entries()) out[at + place] = Number((value >> BigInt(8 * i)) & 255n);
    return out;
  },
  function swapBlocks(bytes, random) {
    const [a, b, c] = places(bytes, random, 3);
    return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]);
  },
  function dropBlock(bytes, random) {
    const [a, b] = places(bytes, random, 2);
    return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]);
  },
  function repeatBlock(bytes, random) {
    const [a, b] = places(bytes, random, 2);
    return Buffer.concat([
      bytes.subarray(0, b),
      ...Array(1 + random.below(20)).fill(bytes.subarray(a, b)),
      bytes.subarray(b),
    ]);
  },
  function zeroBlock(bytes, random) {
    const [a, b] = places(bytes, random, 2);
    return Buffer.from(bytes).fill(random.pick([0, 255]), a, b);
  },
  function append(bytes, random) {
    return Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + random.below(400) }, () => random.below(256)))]);
  },
];

/** @param {Buffer} bytes @param {Random} random */
function mutateBytes(bytes, random) {
  let out = bytes;
  for (let n = 1 + random.below(2); n > 0 && out.length > 0; n--) out = random.pick(BYTES)(out, random);
  return out;
}

/** Ordered places, near each other as often as not. @param {Buffer} bytes @param {Random} random @param {number} count */
function places(bytes, random, count) {
  const start = random.below(bytes.length + 1);
  const reach = random.unit() < 0.5 ? Math.min(64, bytes.length - start) : bytes.length - start;
  return Array.from({ length: count }, () => start + random.below(reach + 1)).sort((a, b) => a - b);
}

/** @param {Buffer} bytes @param {Random} random */
function mutateText(bytes, random) {
  const text = bytes.toString();
  const tokens = [...text.matchAll(/[\w.+-]+|[:,[\]{}"'#&*]/g)];
  if (tokens.length === 0) return bytes;
  const { index, 0: token } = random.pick(tokens);
  const replace = (/** @type {string} */ by) =>
    Buffer.from(text.slice(0, index) + by + text.slice(index + token.length));
  switch (random.below(6)) {
    case 0:
      return replace(String(random.pick(NUMBERS)));
    case 1:
      return replace(random.pick(WORDS));
    case 2:
      return replace(random.pick(TEXTS));
    case 3:
      return replace(random.pick(tokens)[0]);
    case 4:
      return replace(token + random.pick(['x', '9', ' ', '\n', ':']).repeat(random.pick([1, 3, 5000])));
    default:
      return replace('');
  }
}

/** @param {Buffer} bytes @param {Random} random */
function mutateJson(bytes, random) {
  return Buffer.from(JSON.stringify(mutateValue(JSON.parse(bytes.toString()), random)).replaceAll('"@huge@"', '1e999'));
}

/** One JSON value a line. @param {Buffer} bytes @param {Random} random */
function mutateLines(bytes, random) {
  const lines = bytes.toString().split('\n').filter(Boolean);
  const at = random.below(lines.length);
  lines[at] = mutateJson(Buffer.from(lines[at]), random).toString();
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** The header's values, under a length that fits it. @param {Buffer} bytes @param {Random} random */
function mutateSafetensors(bytes, random) {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = mutateJson(bytes.subarray(8, 8 + length), random);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, bytes.subarray(8 + length)]);
}

/** A value in which one place is another. @param {unknown} value @param {Random} random @returns {unknown} */
function mutateValue(value, random) {
  const inside = value !== null && typeof value === 'object' ? Object.keys(value) : [];
  if (inside.length > 0 && random.unit() < 0.85) {
    const key = random.pick(inside);
    const copy = /** @type {Record<string, unknown>} */ (
      Array.isArray(value) ? [...value] : { .../** @type {object} */ (value) }
    );
    const action = random.below(8);
    if (action === 0) delete copy[key];
    else if (action === 1)
      Object.defineProperty(copy, random.pick(WORDS), { value: copy[key], enumerable: true, configurable: true });
    else copy[key] = mutateValue(copy[key], random);
    return copy;
  }
  return replacement(value, random);
}

/** @param {unknown} value @param {Random} random @returns {unknown} */
function replacement(value, random) {
  if (typeof value === 'number' && random.unit() < 0.6) return random.unit() < 0.8 ? random.pick(NUMBERS) : -value;
  if (typeof value === 'string' && random.unit() < 0.4) return random.unit() < 0.5 ? random.pick(WORDS) : value + value;
  if (Array.isArray(value) && random.unit() < 0.4) return Array(random.pick([0, 1, 2, 1000])).fill(value[0] ?? 0);
  switch (random.below(8)) {
    case 0:
      return null;
    case 1:
      return random.pick([true, false]);
    case 2:
      return random.pick(NUMBERS);
    case 3:
      return random.pick(WORDS);
    case 4:
      return '@huge@';
    case 5:
      return [];
    case 6:
      return {};
    default:
      return nested(random.pick([3, 2000]));
  }
}

/** @param {number} depth @returns {unknown} */
function nested(depth) {
  /** @type {unknown} */
  let value = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
