// Hashes: values from `printf ... | sha256sum`, canonical JSON by the rules of RFC 8785.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { canonicalJson, sha256, sha256File, sha256Json, sha256Path } from '../../src/lib/base/hash.js';

const folder = mkdtempSync(join(tmpdir(), 'hash-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('hashes texts as UTF-8, and bytes', () => {
  // printf abc | sha256sum
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256(new TextEncoder().encode('Ångström'))).toBe(sha256('Ångström'));
});

it('writes a value in one way, whatever the order of its keys', () => {
  const value = { b: [1, 0.1, 1e21, -0], a: { z: null, é: 'é"\n', A: true }, gone: undefined };
  expect(canonicalJson(value)).toBe('{"a":{"A":true,"z":null,"é":"é\\"\\n"},"b":[1,0.1,1e+21,0]}');
  expect(sha256Json({ x: 1, y: 2 })).toBe(sha256Json({ y: 2, x: 1 }));
  expect(sha256Json({ x: 1, y: 2 })).not.toBe(sha256Json({ x: 2, y: 1 }));
});

it.each([
  [{ a: [1, Number.NaN] }, '$.a[1] is NaN'],
  [{ a: 1n }, '$.a is 1'],
  [[undefined], '$[0] is undefined'],
  [{ a: new Float32Array(1) }, '$.a is Float32Array'],
  [new Map(), '$ is Map'],
])('refuses what JSON cannot hold: %o', (value, message) => {
  expect(() => canonicalJson(value)).toThrow(UsageError);
  expect(() => canonicalJson(value)).toThrow(message);
});

it('hashes files that are larger than one piece', async () => {
  const bytes = Uint8Array.from({ length: 2_500_000 }, (_, i) => (i * i) % 251);
  const path = join(folder, 'large');
  writeFileSync(path, bytes);
  expect(await sha256File(path)).toBe(sha256(bytes));
});

it('hashes the files of a folder, also those that are links', async () => {
  const [plain, linked] = ['plain', 'linked'].map((name) => join(folder, name));
  for (const each of [plain, linked]) mkdirSync(each);
  writeFileSync(join(plain, '1.png'), 'first');
  symlinkSync(join('..', 'plain', '1.png'), join(linked, '1.png'));
  symlinkSync('nowhere', join(linked, 'dangling'));
  expect(await sha256Path(linked)).toBe(await sha256Path(plain));
  writeFileSync(join(plain, '1.png'), 'other');
  expect(await sha256Path(linked)).toBe(await sha256Path(plain));
});

it('says which file is missing, or is none', async () => {
  await expect(sha256File(join(folder, 'absent'))).rejects.toThrow(/absent: no such file/);
  await expect(sha256File(folder)).rejects.toThrow('is a folder, expected a file');
});
