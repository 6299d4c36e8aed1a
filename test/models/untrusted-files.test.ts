// Files with false sizes, and names with a meaning in JavaScript: an immediate one-line error, without allocations.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { openCheckpoint } from '../../src/lib/models/checkpoint/checkpoint.js';
import { openTokenizer } from '../../src/lib/models/text/tokenizer.js';
import { repeatedKey } from '../../src/lib/tensor/repeated-key.js';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { originalTensors, TINY, writeConfigs, writeFolder } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'untrusted-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const whole = join(scratch, 'whole');
beforeAll(() => writeFolder(whole));
let copies = 0;
const copy = (): string => {
  const folder = join(scratch, `copy-${copies++}`);
  cpSync(whole, folder, { recursive: true });
  return folder;
};

describe('a configuration is held against the tensors before anything is built', () => {
  const lies: [keyof typeof TINY, object, string][] = [
    ['vae', { layers_per_block: 1_000_000 }, 'layers_per_block is 1000000'],
    [
      'vae',
      { layers_per_block: 100 },
      'the weight encoder.down_blocks.0.resnets.99.conv2.weight [4, 4, 3, 3] is missing',
    ],
    ['vae', { layers_per_block: -1 }, 'layers_per_block is -1'],
    ['vae', { layers_per_block: 1.5 }, 'layers_per_block is 1.5'],
    ['vae', { block_out_channels: [4, 1e308] }, 'block_out_channels.1 is 1e+308'],
    [
      'vae',
      { block_out_channels: [4, 2 ** 30] },
      'the weight encoder.down_blocks.1.resnets.0.conv1.weight is [8, 4, 3, 3]',
    ],
    ['vae', { block_out_channels: Array(100_000).fill(4) }, 'block_out_channels is [4,4,'],
    ['vae', { sample_size: 1e9 }, 'sample_size is 1000000000'],
    ['unet', { layers_per_block: 2 ** 31 }, 'layers_per_block is 2147483648'],
    ['unet', { layers_per_block: 5 }, 'the weight down_blocks.0.resnets.4.conv2.weight [8, 8, 3, 3] is missing'],
    ['unet', { block_out_channels: [8, 'NaN'] }, 'block_out_channels.1 is "NaN"'],
    ['text', { num_hidden_layers: 1e7 }, 'num_hidden_layers is 10000000'],
    ['text', { num_hidden_layers: 90 }, 'the weight encoder.layers.89.mlp.fc1.weight [16, 8] is missing'],
    ['text', { vocab_size: 2 ** 30 }, 'the weight embeddings.token_embedding.weight is [815, 8]'],
    ['scheduler', { num_train_timesteps: 1e12 }, 'num_train_timesteps is 1000000000000'],
  ];
  it.each(lies)('%s %j', async (part, changes, sentence) => {
    const folder = writeConfigs(copy(), { [part]: { ...TINY[part], ...changes } });
    const error = await openCheckpoint(folder).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(sentence);
    expect((error as Error).message.length).toBeLessThan(600);
  });

  it('that of a single file too', async () => {
    const path = join(scratch, 'single.safetensors');
    await writeSafetensors(path, originalTensors());
    const config = writeConfigs(join(scratch, 'lying'), { vae: { ...TINY.vae, layers_per_block: 128 } });
    await expect(openCheckpoint(path, { config })).rejects.toThrow('the file does not fit config');
  });
});

describe('tokenizer files', () => {
  const tokenizer = (file: string, change: (json: never) => unknown): string => {
    const folder = join(copy(), 'tokenizer');
    const path = join(folder, file);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as never)));
    return folder;
  };
  const cases: [string, () => string, string][] = [
    ['a list for a vocabulary', () => tokenizer('vocab.json', () => []), 'vocab.json: its content is []'],
    ['ids that are texts', () => tokenizer('vocab.json', (v: object) => ({ ...v, a: '1' })), 'vocab.json: a is "1"'],
    [
      'a special token that is a prototype name',
      () => tokenizer('special_tokens_map.json', (map: object) => ({ ...map, pad_token: 'constructor' })),
      'the special token constructor is not in the vocabulary',
    ],
    [
      'a million added tokens',
      () =>
        tokenizer('tokenizer_config.json', (json: object) => ({
          ...json,
          added_tokens_decoder: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [i, { content: `t${i}` }])),
        })),
      'the tokenizer has 20000 added tokens, at most 10000 are read',
    ],
    [
      'half a token',
      () => tokenizer('tokenizer_config.json', (json: object) => ({ ...json, model_max_length: 20.5 })),
      'model_max_length is 20.5 (expected a whole number)',
    ],
  ];
  it.each(cases)('%s', (_, make, sentence) => {
    const folder = make();
    expect(() => openTokenizer(folder)).toThrow(UsageError);
    expect(() => openTokenizer(folder)).toThrow(sentence);
  });

  it('prompts of prototype names are words as others are', () => {
    const { encode, decode, startId, endId, padId } = openTokenizer(join(whole, 'tokenizer'));
    for (const word of ['constructor', '__proto__', 'tostring', 'hasownproperty']) {
      const ids = [...encode(word).ids].filter((id) => ![startId, endId, padId].includes(id));
      expect(decode(ids).replaceAll(' ', '')).toBe(word);
    }
  });
});

describe('names in safetensors files', () => {
  const file = (header: string, data = 8): string => {
    const path = join(scratch, `names-${copies++}.safetensors`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)]));
    return path;
  };
  const entry = (begin: number) => `{"dtype":"F32","shape":[1],"data_offsets":[${begin},${begin + 4}]}`;

  it('stand once', async () => {
    const twice = [`{"a":${entry(0)},"a":${entry(0)}}`, `{"a":${entry(0)},"\\u0061":${entry(4)}}`];
    for (const header of twice) {
      await expect(readSafetensorsHeader(file(header, 4))).rejects.toThrow('its header has the key "a" twice');
    }
    const inside = '{"a":{"dtype":"F32","shape":[1],"dtype":"F16","data_offsets":[0,4]}}';
    await expect(readSafetensorsHeader(file(inside, 4))).rejects.toThrow('the key "dtype" twice');
    expect(repeatedKey('{"a":{"b":"a\\":"},"c":[{"b":1},{"b":"{"}],"b":0}')).toBeUndefined();
  });

  it('may be prototype names', async () => {
    const tensors = await readSafetensors(file(`{"__proto__":${entry(0)},"constructor":${entry(4)}}`));
    expect(Object.keys(tensors).sort()).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype);
  });
});
