// Damaged files are detected on a resume and computed again, bit-identically.

import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from './tiny.js';

const scratch = scratchFolder();
let path: string;
let model: Model;
let video: string;
beforeAll(async () => {
  path = await smallestCheckpoint(scratch);
  model = await loadModel(path, { device: 'cpu' });
  video = await shot(scratch, 'street', { frames: 3 });
});
afterAll(() => model.dispose());

/** Flips one bit in the middle of a file. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(file, bytes);
}

/** Collects the warnings about damage. */
function hear(warnings: string[], message: string): void {
  if (/is damaged|is missing|again$/.test(message)) warnings.push(message);
}

describe('a comparison', () => {
  const request = () => ({ prompt: 'a street', strengths: [0.5, 1], steps: 4, size: 32, track: false as const });
  let whole: Record<string, string>;
  beforeAll(async () => {
    await strengthSweep(model, video, { ...request(), out: join(scratch, 'whole') });
    whole = hashes(join(scratch, 'whole'));
  });

  /** Stops at the last stage, damages a file, resumes, and returns the warnings. */
  const resumed = async (name: string, damage: (work: string) => void): Promise<string[]> => {
    const out = join(scratch, name);
    const controller = new AbortController();
    const onProgress = ({ label }: { label: string }) => {
      if (label === 'measuring') controller.abort(new Error('stopped here'));
    };
    const stopped = strengthSweep(model, video, { ...request(), out, onProgress, signal: controller.signal });
    await expect(stopped).rejects.toThrow('stopped here');
    damage(join(out, '.partial'));
    const warnings: string[] = [];
    const onWarning = (message: string) => hear(warnings, message.replace(`${out}/`, ''));
    await strengthSweep(model, video, { ...request(), out, resume: true, onWarning });
    expect(hashes(out)).toEqual(whole);
    return warnings;
  };

  it.each(['strength-0.5.rgb', 'strength-1.rgb', 'latents.f32', 'round-trip.rgb'])(
    'of which %s holds zeros makes these records again',
    async (name) => {
      const warnings = await resumed(`zeros-${name}`, (work) => {
        const file = join(work, name);
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0, bytes.length / 3, (2 * bytes.length) / 3));
      });
      expect(warnings).toEqual([
        `.partial/${name}: record 1 is damaged (its checksum differs); it and those after it are made again`,
      ]);
    },
  );

  it('of which the settings are damaged names them', async () => {
    const damaged = resumed('settings', (work) => flip(join(work, 'settings.json')));
    await expect(damaged).rejects.toThrow(/settings\.json: is damaged/);
  });

  it.each<[string, string, (out: string) => void]>([
    ['a video is cut off', 'strength-1.mp4: is damaged', (out) => truncateSync(join(out, 'strength-1.mp4'), 500)],
    ['a bit of the curves is another', 'curves.csv: is damaged', (out) => flip(join(out, 'curves.csv'))],
    ['the grid is missing', 'grid.mp4: is missing', (out) => rmSync(join(out, 'grid.mp4'))],
    [
      'a digit of the result is another',
      'result.json: is damaged',
      (out) => {
        const file = join(out, 'result.json');
        writeFileSync(
          file,
          readFileSync(file, 'utf8').replace(
            /"edit_strength": (\d)/,
            (_, digit) => `"edit_strength": ${(Number(digit) + 1) % 10}`,
          ),
        );
      },
    ],
  ])('that is finished, of which %s, is made again', async (name, reason, damage) => {
    const out = join(scratch, name.replaceAll(' ', '-'));
    await strengthSweep(model, video, { ...request(), out });
    damage(out);
    expect(hashes(out)).not.toEqual(whole);
    const warnings: string[] = [];
    const onWarning = (message: string) => hear(warnings, message);
    const again = await strengthSweep(model, video, { ...request(), out, resume: true, onWarning });
    expect(warnings).toEqual([expect.stringContaining(reason)]);
    expect(warnings[0]).toMatch(/: the comparison is made again$/);
    expect(hashes(out)).toEqual(whole);
    expect(again).not.toHaveProperty('files');
  });

  it('finished by a version without checksums is taken as it is', async () => {
    const out = join(scratch, 'earlier');
    await strengthSweep(model, video, { ...request(), out });
    const file = join(out, 'result.json');
    const { files: _, checksum: __, ...result } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(result));
    const warnings: string[] = [];
    const onWarning = (message: string) => hear(warnings, message);
    const again = await strengthSweep(model, video, { ...request(), out, resume: true, onWarning });
    expect(again.settings).toEqual(result.settings);
    expect(warnings).toEqual([]);
  });
});

describe('a sweep', () => {
  const TEXT = `method: grid
metric: {name: training_loss}
parameters: {steps: {value: 2}, iterations: {value: 2}, training_frames: {value: 1}, strength: {values: [0.5, 1]}}
`;

  it('makes a damaged point again, a damaged training for it, and nothing else', async () => {
    const out = join(scratch, 'sweep');
    writeFileSync(join(scratch, 'sweep.yaml'), `video: ${video}\nmodel: ${path}\nprompt: a street\nsize: 32\n${TEXT}`);
    const file = await readSweepFile(join(scratch, 'sweep.yaml'));
    const run = async () => {
      const jobs: string[] = [];
      const warnings: string[] = [];
      const inner = localExecutor();
      const executor = {
        ...inner,
        run: (...[job, hooks]: Parameters<typeof inner.run>) => {
          jobs.push(job.kind);
          return inner.run(job, hooks);
        },
      };
      const onWarning = (message: string) => hear(warnings, message);
      await runSweep(file, { out, executor, track: false, resume: true, onWarning });
      return { jobs, warnings };
    };
    await run();
    const before = hashes(out);
    const points = readdirSync(join(out, 'points'));

    truncateSync(join(out, 'points', points[0], 'output.mp4'), 300);
    const first = await run();
    expect(first.jobs).toEqual(['source', 'point']);
    expect(first.warnings).toEqual([
      expect.stringMatching(new RegExp(`${points[0]}/output\\.mp4: is damaged .*: the point is made again$`)),
    ]);

    // The weights are read again only if a point is left to render.
    const weights = Object.keys(before).find((name) => name.endsWith('lora.safetensors') && name.includes('stages'))!;
    flip(join(out, weights));
    flip(join(out, 'points', points[1], 'curves.csv'));
    const second = await run();
    expect(second.jobs).toEqual(['training', 'source', 'point']);
    expect(second.warnings).toEqual([
      expect.stringMatching(/curves\.csv: is damaged .*: the point is made again$/),
      expect.stringMatching(/lora\.safetensors: is damaged .*: the weights are trained again$/),
    ]);
    const same = (all: Record<string, string>) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('points/') && !name.includes('.csv.')));
    expect(same(hashes(out))).toEqual(same(before));
    expect((await run()).jobs).toEqual([]);
  });
});
