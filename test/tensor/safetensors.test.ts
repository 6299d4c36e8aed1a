import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readSafetensors,
  readSafetensorsHeader,
  readTensor,
  writeSafetensors,
} from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { hasPack, PACK, packNote } from '../reference/pack.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const ONE_OF_EACH: Record<string, Tensor> = {
  'a.bytes': tensor('uint8', [3], Uint8Array.of(1, 2, 255)),
  'b.half': tensor('float16', [2, 1], Uint16Array.of(0x3c00, 0xc000)),
  'c.brain': tensor('bfloat16', [1], Uint16Array.of(0x3f80)),
  'd.float': tensor('float32', [2, 2], Float32Array.of(1.5, -0, Number.POSITIVE_INFINITY, 1e-40)),
  'e.int': tensor('int32', [], Int32Array.of(-7)),
  'f.long': tensor('int64', [1], BigInt64Array.of(-(2n ** 62n))),
  'g.empty': tensor('float32', [0, 4], new Float32Array()),
};

/** A file with the given header and data. */
async function file(
  name: string,
  header: unknown,
  data: Uint8Array = new Uint8Array(),
  length?: number,
): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? json.length));
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([prefix, json, data]));
  return path;
}
const span = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('writing and reading', () => {
  it('gives back every element type, the shapes and the metadata', async () => {
    const path = join(folder, 'round.safetensors');
    await writeSafetensors(path, ONE_OF_EACH, { format: 'pt', note: 'käse' });
    expect(await readSafetensors(path)).toEqual(ONE_OF_EACH);
    const { metadata, tensors } = await readSafetensorsHeader(path);
    expect(metadata).toEqual({ format: 'pt', note: 'käse' });
    expect(await readTensor(tensors.get('d.float')!)).toEqual(ONE_OF_EACH['d.float']);
    // Largest elements first, so that every tensor starts at a multiple of its element's size.
    const start = tensors.get('f.long')!.offset;
    expect([...tensors].map(([name, entry]) => [name, entry.offset - start])).toEqual([
      ['f.long', 0],
      ['d.float', 8],
      ['e.int', 24],
      ['g.empty', 28],
      ['b.half', 28],
      ['c.brain', 32],
      ['a.bytes', 34],
    ]);
    expect(start % 8).toBe(0);
  });

  it('writes the bytes that the reference implementation writes', async () => {
    // safetensors.numpy.save({'b': float32 [1.5, -2], 'a': uint8 [7], 'c': float16 [[1]]}, {'k': 'v'}), safetensors 0.8
    // for Python.
    const expected = await readFile(new URL('./fixtures/small.safetensors', import.meta.url));
    const path = join(folder, 'small.safetensors');
    await writeSafetensors(
      path,
      {
        a: tensor('uint8', [1], Uint8Array.of(7)),
        b: tensor('float32', [2], Float32Array.of(1.5, -2)),
        c: tensor('float16', [1, 1], Uint16Array.of(0x3c00)),
      },
      { k: 'v' },
    );
    expect((await readFile(path)).toString('latin1')).toBe(expected.toString('latin1'));
  });

  it('makes tensors only when their turn comes, and leaves nothing behind when one fails', async () => {
    const path = join(folder, 'lazy.safetensors');
    const order: string[] = [];
    const lazy = (name: string, value: number) => ({
      dtype: 'float32' as const,
      shape: [1],
      load: () => {
        order.push(name);
        return tensor('float32', [1], Float32Array.of(value));
      },
    });
    await writeSafetensors(path, { y: lazy('y', 2), x: lazy('x', 1) });
    expect(order).toEqual(['x', 'y']);
    const before = await readFile(path);

    const failing = {
      ...lazy('z', 0),
      load: (): Tensor => {
        throw new Error('generator failed');
      },
    };
    await expect(writeSafetensors(path, { x: lazy('x', 5), z: failing })).rejects.toThrow('generator failed');
    const lying = { ...lazy('z', 0), shape: [2] };
    await expect(writeSafetensors(path, { z: lying })).rejects.toThrow('tensor z was announced as float32 [2]');
    expect(await readFile(path)).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('says when the folder is missing', async () => {
    await expect(writeSafetensors(join(folder, 'no', 'x.safetensors'), {})).rejects.toThrow(
      'does not exist; create it',
    );
  });

  it('reads tensors that start at odd bytes', async () => {
    // With a header of odd length and a byte tensor first, the float32 tensor is not aligned to 4 bytes.
    const data = Buffer.alloc(9);
    data[0] = 9;
    data.writeFloatLE(0.5, 1);
    data.writeFloatLE(-3, 5);
    const header = JSON.stringify({ u: span('U8', [1], 0, 1), f: span('F32', [2], 1, 9) });
    const path = await file('odd.safetensors', header.length % 2 ? header : `${header} `, data);
    const { tensors } = await readSafetensorsHeader(path);
    expect(tensors.get('f')!.offset % 2).toBe(0);
    expect(tensors.get('f')!.offset % 4).not.toBe(tensors.get('u')!.offset % 4);
    expect((await readSafetensors(path)).f).toEqual(tensor('float32', [2], Float32Array.of(0.5, -3)));
  });

  it('reads beyond the first 4 GiB', async () => {
    // A sparse file of 5 GiB of zeros, with four bytes at the end.
    const big = 5 * 2 ** 30;
    const header = JSON.stringify({ zeros: span('U8', [big], 0, big), last: span('F32', [1], big, big + 4) });
    const path = await file('sparse.safetensors', header);
    const end = 8 + header.length + big;
    const handle = await open(path, 'r+');
    await handle.write(Buffer.from(Float32Array.of(42.5).buffer), 0, 4, end);
    await handle.close();
    const { tensors } = await readSafetensorsHeader(path);
    expect(tensors.get('zeros')!.length).toBe(big);
    expect(await readTensor(tensors.get('last')!)).toEqual(tensor('float32', [1], Float32Array.of(42.5)));
    await truncate(path, 0);
  });
});

describe('files that are refused', () => {
  const cases: [string, () => Promise<string>, string][] = [
    ['no such file', async () => join(folder, 'none.safetensors'), 'there is no such file'],
    ['a folder', async () => folder, 'this is a folder'],
    [
      'an empty file',
      async () => {
        const p = join(folder, 'empty');
        await writeFile(p, '');
        return p;
      },
      'truncated or damaged (it ends after 0 bytes',
    ],
    [
      'a Git LFS pointer',
      async () => {
        const p = join(folder, 'lfs');
        await writeFile(p, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n');
        return p;
      },
      'run `git lfs pull`',
    ],
    [
      'a zip pickle',
      async () => {
        const p = join(folder, 'zip.ckpt');
        await writeFile(p, Buffer.from('PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl', 'latin1'));
        return p;
      },
      'convert it to .safetensors',
    ],
    [
      'a bare pickle',
      async () => {
        const p = join(folder, 'old.ckpt');
        await writeFile(p, Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a]));
        return p;
      },
      'convert it to .safetensors',
    ],
    [
      'a web page',
      async () => {
        const p = join(folder, 'page');
        await writeFile(p, '<!DOCTYPE html><title>404</title>');
        return p;
      },
      'this is a web page',
    ],
    [
      'anything else',
      async () => {
        const p = join(folder, 'text');
        await writeFile(p, 'hello, this is a text file');
        return p;
      },
      'not a safetensors file',
    ],
    ['a header beyond the limit', () => file('long', '{}', undefined, 200_000_000), 'not a safetensors file'],
    ['a header beyond the end', () => file('cut', '{}', undefined, 5000), 'its header should take 5000 bytes'],
    ['a header that is no JSON', () => file('json', '{"a": '), 'its header is not a JSON object'],
    [
      'data that end early',
      () => file('short', { 'w.x': span('F32', [4], 0, 16) }, new Uint8Array(12)),
      'tensor w.x should end at byte',
    ],
    ['data that go on', () => file('more', { w: span('F32', [1], 0, 4) }, new Uint8Array(6)), '2 bytes follow'],
    [
      'overlapping tensors',
      () => file('lap', { a: span('U8', [4], 0, 4), b: span('U8', [4], 2, 6) }, new Uint8Array(6)),
      'tensors a and b overlap',
    ],
    [
      'a hole',
      () => file('hole', { a: span('U8', [2], 0, 2), b: span('U8', [2], 4, 6) }, new Uint8Array(6)),
      'a hole of 2 bytes before tensor b',
    ],
    [
      'offsets that run backwards',
      () => file('back', { a: span('U8', [2], 2, 0) }, new Uint8Array(2)),
      'ends at 0, before its begin',
    ],
    [
      'negative offsets',
      () => file('minus', { a: span('U8', [2], -2, 0) }, new Uint8Array(2)),
      'lacks a dtype, a shape',
    ],
    [
      "a size that is not the shape's",
      () => file('size', { 'w.y': span('F16', [3, 2], 0, 10) }, new Uint8Array(10)),
      'tensor w.y of F16 [3, 2] needs 12 bytes but has 10',
    ],
  ];
  it.each(cases)('%s', async (_, make, sentence) => {
    const path = await make();
    await expect(readSafetensors(path)).rejects.toThrow(sentence);
    await expect(readSafetensors(path)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(path),
    });
  });

  it.each(['F64', 'I8', 'BOOL', 'F8_E4M3'])(
    'a tensor of %s, by its name; the header alone is still readable',
    async (dtype) => {
      const length = dtype === 'F64' ? 8 : 1;
      const path = await file(
        `type-${dtype}`,
        { fine: span('U8', [1], 0, 1), 'odd.one': span(dtype, [1], 1, 1 + length) },
        new Uint8Array(1 + length),
      );
      await expect(readSafetensors(path)).rejects.toThrow(`tensor odd.one has the element type ${dtype}`);
      const header = await readSafetensorsHeader(path);
      expect([...header.tensors.keys()]).toEqual(['fine']);
      expect(header.unsupported).toEqual(new Map([['odd.one', dtype]]));
    },
  );

  it('a file that became shorter after its header was read', async () => {
    const path = await file('shrunk', { w: span('F32', [2], 0, 8) }, new Uint8Array(8));
    const { tensors } = await readSafetensorsHeader(path);
    await truncate(path, 60);
    await expect(readTensor(tensors.get('w')!)).rejects.toThrow('truncated or damaged');
  });
});

describe.skipIf(!hasPack)(`the reference pack's files${packNote}`, () => {
  it('are read, written again and come out identical', async () => {
    const source = `${PACK}/randn.safetensors`;
    const tensors = await readSafetensors(source);
    expect(Object.keys(tensors)).toHaveLength(24);
    const copy = join(folder, 'randn.safetensors');
    await writeSafetensors(copy, tensors);
    expect((await readFile(copy)).equals(await readFile(source))).toBe(true);
  });
});
