// A short run with damaged files of every kind: each is read, or causes a one-line error. `npm run fuzz` tests thousands.

import { describe, expect, it } from 'vitest';
import { fuzz, summaryOf } from '../../scripts/fuzz/fuzz.js';
import { KINDS } from '../../scripts/fuzz/kinds.js';
import { mutate } from '../../scripts/fuzz/mutate.js';
import { randomOf } from '../../scripts/fuzz/random.js';
import { built, builtNote } from '../cli/process.js';
import { INSTALLED, ON_PATH } from '../ffmpegs.js';

describe.skipIf(!built)(`damaged files${builtNote}`, () => {
  it('are read or refused in one sentence, in little time and memory', async (ctx) => {
    if (!INSTALLED && !ON_PATH) ctx.skip('there is no ffmpeg');
    const result = await fuzz({ seed: 1, inputs: 150 });
    expect(result.findings.map(({ message, ...rest }) => ({ ...rest, message: message.slice(0, 600) }))).toEqual([]);
    expect(summaryOf(result)).toBe('150 inputs: 0 foreign errors, 0 hangs, 0 beyond 2 GB');
    // Enough of them pass the first check.
    expect(result.read).toBeGreaterThan(25);
    expect(result.refused).toBeGreaterThan(50);
  });
});

describe('mutations', () => {
  const header = Buffer.from('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  const samples = {
    bytes: Buffer.from(Array.from({ length: 100 }, (_, i) => i)),
    text: Buffer.from('a b\nc d\n'),
    json: Buffer.from('{"a":[1,2,{"b":"c"}]}'),
    lines: Buffer.from('{"a":1}\n{"a":2}\n'),
    yaml: Buffer.from('a: [1, 2]\n'),
    safetensors: Buffer.concat([size, header, Buffer.alloc(8)]),
  } as const;

  it.each(Object.keys(samples) as (keyof typeof samples)[])('of %s are made again by seed and index', (format) => {
    const made = (seed: number) =>
      Array.from({ length: 50 }, (_, i) => mutate(samples[format], format, randomOf(seed, i)).toString('hex'));
    expect(made(1)).toEqual(made(1));
    expect(made(2)).not.toEqual(made(1));
    expect(new Set(made(1)).size).toBeGreaterThan(20);
  });

  it('take shares of a hundred among the kinds', () => {
    expect(Object.values(KINDS).reduce((sum, { share }) => sum + share, 0)).toBe(100);
  });
});
