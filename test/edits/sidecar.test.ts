// Edited pictures and their sidecars: writing and reading, and errors about missing values.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { type EditSidecar, readEdit, sidecarPath, writeEdit } from '../../src/lib/edits/sidecar.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const picture = { width: 8, height: 8, data: Uint8Array.from({ length: 192 }, (_, i) => (7 * i) % 256) };
const sidecar: EditSidecar = {
  frame: 12,
  prompt: 'neon "lights"',
  seed: 43,
  strength: 0.85,
  guidance: 7.5,
  steps: 50,
  sampler: 'ddim',
  video: { name: 'street.mp4', frameSha256: 'ab'.repeat(32) },
  model: 'models/demo',
  scores: { edges: 0.5, flow: 0.72, kept: 0.6, editStrength: 41.5, rank: 0.4 },
};
let written = 0;
const write = async (value: unknown = sidecar): Promise<string> => {
  const path = join(scratch, `edit-${written++}.png`);
  await writeEdit(path, picture, sidecar);
  if (value !== sidecar) writeFileSync(sidecarPath(path), typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};

describe('readEdit', () => {
  it('gives the picture, the frame and the prompt that were written', async () => {
    const path = await write();
    expect(JSON.parse(readFileSync(sidecarPath(path), 'utf8'))).toEqual(sidecar);
    const edit = await readEdit(path);
    const originalSha256 = sidecar.video?.frameSha256;
    expect(edit).toEqual({
      ...{ picture: { ...picture, data: expect.anything() }, frame: 12, prompt: 'neon "lights"', originalSha256 },
    });
    expect([...edit.picture.data]).toEqual([...picture.data]);
  });

  it('takes what is given in place of what is written, and needs no sidecar where both are', async () => {
    const path = await write();
    expect(await readEdit(path, { frame: 3 })).toMatchObject({ frame: 3, prompt: 'neon "lights"' });
    expect(await readEdit(path, { prompt: '' })).toMatchObject({ frame: 12, prompt: '' });
    const other = await write('no JSON at all');
    expect(await readEdit(other, { frame: 0, prompt: 'oil' })).toMatchObject({ frame: 0, prompt: 'oil' });
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"frame": 1,', /edit-\d+\.json: is not JSON \(.+\), expected frame and prompt of edit-\d+\.png; say/],
    [
      'a list',
      [1],
      /edit-\d+\.json: holds \[1\], expected an object with frame and prompt; say which frame was edited/,
    ],
    [
      'no frame',
      { prompt: 'x' },
      /edit-\d+\.json: frame is missing, expected the number of a frame, .*, or say which frame was edited$/,
    ],
    ['half a frame', { frame: 1.5, prompt: 'x' }, /edit-\d+\.json: frame is 1\.5, expected the number/],
    ['a frame before the first', { frame: -1, prompt: 'x' }, /frame is -1/],
    [
      'no prompt',
      { frame: 1 },
      /edit-\d+\.json: prompt is missing, expected a text; .* by which prompt it was edited$/,
    ],
    ['a prompt of another kind', { frame: 1, prompt: 5 }, /prompt is 5, expected a text/],
  ])('refuses a sidecar with %s', async (_, value, sentence) => {
    const reading = readEdit(await write(value));
    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(sentence);
  });

  it('says what is missing beside the picture, and the remedy', async () => {
    const path = join(scratch, 'alone.png');
    writeFileSync(path, readFileSync(await write()));
    await expect(readEdit(path, { frame: 1 })).rejects.toThrow(
      `${path}: has no alone.json beside it, which holds frame and prompt of a proposed edit; ` +
        'say which frame was edited and by which prompt',
    );
    await expect(readEdit(join(scratch, 'none.png'))).rejects.toThrow(/there is no file '.*none\.png'/);
    await expect(readEdit(path, { frame: -2, prompt: 'x' })).rejects.toThrow(/^frame is -2, expected the number/);
  });
});

describe('writeEdit', () => {
  it('leaves nothing where the picture cannot be written', async () => {
    const before = readdirSync(scratch);
    await expect(writeEdit(join(scratch, 'edit.txt'), picture, sidecar)).rejects.toThrow(/end the name in \.png/);
    await expect(writeEdit(join(scratch, 'none/edit.png'), picture, sidecar)).rejects.toThrow(UsageError);
    expect(readdirSync(scratch)).toEqual(before);
  });
});
