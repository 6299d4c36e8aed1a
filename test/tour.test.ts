// A tour of the library in ten seconds, from random weights to an edited video with metrics, with the public API only.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  img2img,
  loadModel,
  metrics,
  openVideo,
  randn,
  strengthSweep,
  textToImage,
  writeVideo,
} from '../src/lib/index.js';
import { writeRandomCheckpoint } from '../src/lib/models/checkpoint/random-checkpoint.js';

test('random weights, a prompt, a picture, a video, a sweep, numbers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-tour-'));
  try {
    // A complete checkpoint of random weights: tokenizer, text encoder, UNet, VAE, noise schedule.
    const checkpoint = join(folder, 'checkpoint');
    await writeRandomCheckpoint(checkpoint, { seed: 7 });
    const model = await loadModel(checkpoint, { device: 'cpu' });
    const prompt = 'a cyberpunk city at night';
    expect(model.tokenize(prompt)).toHaveLength(77);

    // Text to image: all steps from noise alone.
    const noise = randn(42, [1, 4, 8, 8]);
    let steps = 0;
    for await (const { latent } of textToImage(model, { prompt, noise, steps: 3 })) {
      expect(latent.shape).toEqual([1, 4, 8, 8]);
      steps++;
    }
    expect(steps).toBe(3);

    // Image to image: the last part of the steps, on a frame.
    const shot: Frame[] = Array.from({ length: 3 }, (_, t) => gradient(64, 64, 8 * t));
    const z0 = await encodeFrame(model, shot[0]);
    const timesteps: number[] = [];
    let edited = z0;
    for await (const step of img2img(model, { latent: z0, noise, prompt, strength: 0.5, steps: 4 })) {
      timesteps.push(step.timestep);
      edited = step.latent;
    }
    expect(timesteps).toEqual([251, 1]);
    expect((await decodeFrame(model, edited)).data).toHaveLength(3 * 64 * 64);

    // Renders a video at two strengths, with a grid and metrics.
    const source = join(folder, 'shot.mp4');
    await writeVideo(source, stream(shot), { frameRate: 10 });
    const result = await strengthSweep(model, source, {
      prompt,
      strengths: [0.5, 1],
      steps: 2,
      size: 64,
      out: join(folder, 'sweep'),
    });
    expect(result.cells.map(({ strength, firstTimestep: first }) => [strength, first])).toEqual([
      [0.5, 1],
      [1, 501],
    ]);
    const grid = await openVideo(result.grid);
    expect([grid.width, grid.height, grid.frameRate]).toEqual([128, 128, 10]);
    const [mild, full] = result.cells.map(({ metrics: { edit_strength: edit } }) => edit!);
    expect(Math.abs(full - mild)).toBeGreaterThan(1);

    // The same metrics from the files themselves, up to changes by H.264.
    const again = await metrics(source, result.cells[1].video);
    expect(again.frames).toBe(3);
    expect(Math.abs(again.output.means.edit_strength! - full)).toBeLessThan(0.05 * full);
    await model.dispose();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function gradient(width: number, height: number, shift: number): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data.set([(i % width) * 3 + shift, Math.floor(i / width) * 3, 90], 3 * i);
  return { width, height, data };
}

async function* stream(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}
