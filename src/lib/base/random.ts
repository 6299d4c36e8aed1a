// Seeded random numbers: the same sequence as PyTorch's CPU generator for a seed. Not for secrets.

import { UsageError } from './errors.js';

/** A stream of random numbers determined by a seed; every call advances it exactly as `torch.Generator`. */
export interface RandomGenerator {
  /**
   * The next `count` normal numbers (mean 0, deviation 1): `torch.randn(count)`.
   * Differs from PyTorch by rounding only (below 1e-6): its vectorised logarithm and cosine are approximations.
   */
  randn(count: number): Float32Array;
  /** The next number in [0, 1), a multiple of 2^-24: `torch.rand(1)`. */
  uniform(): number;
  /** The next integer in [0, n), n up to 2^53: `torch.randint(n, (1,))`. */
  integer(n: number): number;
}

/** The numbers 0 to `count` - 1 in random order (Fisher and Yates). Differs from `torch.randperm`. */
export function shuffled(count: number, generator: RandomGenerator): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = generator.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

const TWO_PI = Math.fround(2 * Math.PI);
const BLOCK = 16;

/**
 * A random generator at the start of its stream.
 *
 * @param seed any integer that `torch.Generator.manual_seed` accepts; as in PyTorch only its low 32 bits count
 * @throws UsageError when the seed is not an integer, or is a number too large to be exact (pass a bigint then)
 */
export function createGenerator(seed: number | bigint): RandomGenerator {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new UsageError(`seed: ${seed} is not an exact integer; pass an integer below 2^53 or a bigint such as 42n`);
  }
  const next = mersenneTwister(Number(BigInt.asUintN(32, BigInt(seed))));
  // One of each pair of double-precision normals is kept for the next call, as in PyTorch.
  let cached: number | undefined;

  const uniform = () => (next() & 0xffffff) / 2 ** 24;
  const uniformDouble = () => {
    const high = next() & 0x1fffff;
    return (high * 2 ** 32 + next()) / 2 ** 53;
  };
  const normalDouble = () => {
    if (cached !== undefined) {
      const value = cached;
      cached = undefined;
      return value;
    }
    const theta = 2 * Math.PI * uniformDouble();
    const radius = Math.sqrt(-2 * Math.log1p(-uniformDouble()));
    cached = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  };

  return {
    randn(count) {
      requireCount('randn', count);
      const values = new Float32Array(count);
      if (count < BLOCK) {
        for (let i = 0; i < count; i++) values[i] = normalDouble();
        return values;
      }
      for (let i = 0; i < count; i++) values[i] = uniform();
      for (let i = 0; i + BLOCK <= count; i += BLOCK) boxMuller(values, i);
      if (count % BLOCK !== 0) {
        // PyTorch draws the last whole block again instead of a separate remainder.
        for (let i = count - BLOCK; i < count; i++) values[i] = uniform();
        boxMuller(values, count - BLOCK);
      }
      return values;
    },
    uniform,
    integer(n) {
      if (!Number.isSafeInteger(n) || n < 1) {
        throw new UsageError(`integer: the bound is ${n}, expected an integer from 1 to 2^53 - 1`);
      }
      if (n < 2 ** 28) return next() % n;
      const high = BigInt(next());
      return Number(((high << 32n) | BigInt(next())) % BigInt(n));
    },
  };
}

function requireCount(where: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new UsageError(`${where}: the count is ${count}, expected an integer of at least 0`);
  }
}

/** Turns 16 uniform numbers at `start` into 16 normal ones, in single precision as PyTorch's `normal_fill_16` does. */
function boxMuller(values: Float32Array, start: number): void {
  const half = BLOCK / 2;
  for (let j = start; j < start + half; j++) {
    const radius = Math.fround(Math.sqrt(-2 * Math.fround(Math.log(1 - values[j]))));
    const theta = Math.fround(TWO_PI * values[j + half]);
    values[j] = radius * Math.cos(theta);
    values[j + half] = radius * Math.sin(theta);
  }
}

/** MT19937 [Matsumoto and Nishimura 1998]: a function that returns the next 32 random bits as an unsigned number. */
function mersenneTwister(seed: number): () => number {
  const size = 624;
  const middle = 397;
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  let position = size;

  const refill = () => {
    for (let i = 0; i < size; i++) {
      const mixed = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
      state[i] = state[(i + middle) % size] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    position = 0;
  };

  return () => {
    if (position === size) refill();
    let bits = state[position++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    bits ^= bits >>> 18;
    return bits >>> 0;
  };
}
