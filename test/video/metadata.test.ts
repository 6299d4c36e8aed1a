// Texts in the metadata of pictures and videos: written by every writer, read back, and what others wrote or damaged.

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeText, madeWith, readMade } from '../../src/lib/base/made-with.js';
import { printable } from '../../src/lib/base/printable.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { pngWithText } from '../../src/lib/video/metadata/embed.js';
import { noSettings, readOrigin, requireOrigin } from '../../src/lib/video/metadata/origin.js';
import { readMetadata } from '../../src/lib/video/metadata/read-metadata.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture, writePicture } from '../../src/lib/video/still.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { INSTALLED, ON_PATH } from '../ffmpegs.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const at = (name: string): string => join(scratch, name);
const frames: Frame[] = Array.from({ length: 3 }, (_, i) => ({
  width: 16,
  height: 16,
  data: Uint8Array.from({ length: 768 }, (_, k) => (17 * i + 5 * k) % 256),
}));

/** Longer than a sub-block of a GIF, with everything that some container treats specially. */
const made = madeWith({
  command: 'sweep',
  device: 'cpu',
  settings: { prompt: 'Zürich; "é" = #1 <b>&amp; \\ \n雪 🌃', strengths: [0.45], note: 'x'.repeat(600) },
  inputs: [{ kind: 'video', name: 'shot.mp4', sha256: 'ab'.repeat(32) }],
});
const comment = madeText(made)!;

describe('a comment', () => {
  it.each(['mp4', 'webp', 'gif'])(
    'of an %s is read back, and costs no more than its text and a frame of it',
    async (kind) => {
      await writeVideo(at(`plain.${kind}`), frames, { frameRate: 10 });
      await writeVideo(at(`said.${kind}`), frames, { frameRate: 10, comment });
      const origin = await readOrigin(at(`said.${kind}`));
      expect(origin).toEqual({ kind: 'own', made });
      const grown = statSync(at(`said.${kind}`)).size - statSync(at(`plain.${kind}`)).size;
      expect(grown).toBeGreaterThan(comment.length - 1);
      expect(grown).toBeLessThan(comment.length + 500);
      // The pictures stay what they were.
      const pixels = async (name: string) => {
        const read: Uint8Array[] = [];
        for await (const { data } of (await openVideo(at(name), { exact: true })).frames()) read.push(data);
        return Buffer.concat(read).toString('hex');
      };
      expect(await pixels(`said.${kind}`)).toBe(await pixels(`plain.${kind}`));
      expect(await readOrigin(at(`plain.${kind}`))).toEqual({ kind: 'unknown' });
    },
  );

  it('of an mp4 outlives the second pass, which frame times need', async () => {
    const timing = { times: [0, 0.1, 0.35], duration: 0.5, start: 0, frameRate: 6, variable: true };
    await writeVideo(at('timed.mp4'), frames, { timing, comment });
    expect(await readOrigin(at('timed.mp4'))).toEqual({ kind: 'own', made });
  });

  it.each(['png', 'webp', 'jpg'])('of a %s is read back, and so is that of a folder', async (kind) => {
    await writePicture(at(`still.${kind}`), frames[0], comment);
    expect(await readOrigin(at(`still.${kind}`))).toEqual({ kind: 'own', made });
    await writeVideo(at(`folder-${kind}/`), frames, { comment });
    expect(await readOrigin(at(`folder-${kind}`))).toEqual({ kind: 'own', made });
    const { data } = await readPicture(at(`still.${kind}`));
    if (kind === 'png') expect(Buffer.from(data).equals(frames[0].data)).toBe(true);
  });

  it('gives the same bytes each time', async () => {
    for (const name of ['a.mp4', 'b.mp4']) await writeVideo(at(name), frames, { frameRate: 10, comment });
    expect(readFileSync(at('a.mp4')).equals(readFileSync(at('b.mp4')))).toBe(true);
  });
});

describe('what other programs store', () => {
  const png = async (...chunks: [string, string, Buffer][]): Promise<string> => {
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const parts = chunks.map(([type, keyword, content]) => {
      const body = Buffer.concat([Buffer.from(`${type}${keyword}\0`, 'latin1'), content]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(body.length - 4);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    });
    const path = at(`foreign-${chunks.map(([, keyword]) => keyword).join('-')}.png`);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 33), ...parts, bytes.subarray(33)]));
    return path;
  };

  it('is shown as its own: the parameters of AUTOMATIC1111, as UTF-8 too', async () => {
    const text = 'eine Straße bei Nacht\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1';
    const path = await png(['iTXt', 'parameters', Buffer.concat([Buffer.alloc(4), Buffer.from(text)])]);
    expect(await readOrigin(path)).toEqual({
      kind: 'foreign',
      program: 'AUTOMATIC1111 or a program like it',
      texts: [{ name: 'parameters', text }],
    });
    await expect(requireOrigin(path)).rejects.toThrow(/was made by AUTOMATIC1111.*shown but not repeated/);
  });

  it('is shown as its own: the workflow of ComfyUI, in a PNG and in EXIF', async () => {
    const path = await png(
      ['tEXt', 'prompt', Buffer.from('{"3": {}}')],
      ['tEXt', 'workflow', Buffer.from('{"nodes": []}')],
    );
    expect(await readOrigin(path)).toMatchObject({ kind: 'foreign', program: 'ComfyUI', texts: { length: 2 } });
    const webp = at('comfy.webp');
    const image = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).webp();
    await image.withExif({ IFD0: { Make: 'workflow:{"nodes": []}', Model: 'prompt:{"3": {}}' } }).toFile(webp);
    expect(await readOrigin(webp)).toEqual({
      kind: 'foreign',
      program: 'ComfyUI',
      texts: [
        { name: 'Make', text: 'workflow:{"nodes": []}' },
        { name: 'Model', text: 'prompt:{"3": {}}' },
      ],
    });
  });

  it('is nothing to repeat where a camera wrote it', async () => {
    const path = at('camera.jpg');
    const image = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).jpeg();
    await image.withExif({ IFD0: { Make: 'Canon', Model: 'EOS' } }).toFile(path);
    expect(await readMetadata(path)).toMatchObject([{ text: 'Canon' }, { text: 'EOS' }]);
    expect(await readOrigin(path)).toEqual({ kind: 'unknown' });
    await expect(requireOrigin(path)).rejects.toThrow(noSettings(path));
  });

  it('is refused in one sentence where it only looks like ours', async () => {
    const one = async (text: string) => {
      const path = await png(['tEXt', 'steadyframe', Buffer.from(text, 'latin1')]);
      return readOrigin(path).then(
        () => 'read',
        (error: Error) => error.message,
      );
    };
    expect(await one(comment.slice(0, 200))).toMatch(/its settings are not JSON .*changed or cut after it was made/);
    expect(await one('{"steadyframe":"1","command":"../rm","settings":{},"inputs":[]}')).toMatch(/name no command/);
    expect(await one('{"steadyframe":"1","command":"sweep","settings":[],"inputs":[]}')).toMatch(/no list of settings/);
    expect(await one('{"steadyframe":"1","command":"sweep","settings":{},"inputs":[{"name":1}]}')).toMatch(
      /do not say what was read/,
    );
    for (const bad of [comment.slice(0, 200), '{"steadyframe":"\x1b]0;x\x07'])
      expect(printable(await one(bad))).toBe(await one(bad));
    const huge = await png([
      'zTXt',
      'steadyframe',
      Buffer.concat([Buffer.alloc(1), deflateSync(`{"steadyframe":"${'1'.repeat(3e6)}`)]),
    ]);
    await expect(readOrigin(huge)).rejects.toThrow(/its settings have 3\.0 MB, expected at most 1\.0 MB/);
  });

  it('ends the comments of a GIF that is cut off', async () => {
    await writeVideo(at('whole.gif'), frames, { frameRate: 10, comment });
    const bytes = readFileSync(at('whole.gif'));
    writeFileSync(at('cut.gif'), bytes.subarray(0, bytes.length - 300));
    await expect(readOrigin(at('cut.gif'))).rejects.toThrow(/not JSON/);
  });
});

describe('the text', () => {
  it('is ASCII, and the same settings again', () => {
    expect(comment).toMatch(/^[\x20-\x7e]*$/);
    expect(readMade(comment, 'x')).toEqual(made);
  });

  it('is left out where it is too long to travel', () => {
    expect(madeText({ ...made, settings: { prompt: 'x'.repeat(20_000) } })).toBeUndefined();
  });

  it('is in a chunk with the checksum of its own', () => {
    const bytes = pngWithText(Buffer.alloc(40), 'abc');
    const chunk = bytes.subarray(33, bytes.length - 7);
    expect(chunk.readUInt32BE(0)).toBe(chunk.length - 12);
    expect(chunk.readUInt32BE(chunk.length - 4)).toBe(crc32(chunk.subarray(4, chunk.length - 4)));
  });
});

describe.skipIf(!(ON_PATH ?? INSTALLED))('ffmpeg', () => {
  let said: string;
  beforeAll(async () => {
    await writeVideo(at('tag.mp4'), frames, { frameRate: 10, comment });
    const args = ['-hide_banner', '-loglevel', 'error', '-i', at('tag.mp4'), '-f', 'ffmetadata', '-'];
    said = execFileSync((ON_PATH ?? INSTALLED)!, args, { encoding: 'utf8' });
  });
  it('finds it as the comment', () => {
    expect(said).toContain('comment={"steadyframe":"');
  });
});
