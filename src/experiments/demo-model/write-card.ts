// The pictures and numbers of the demo model's card: loss curves, samples, and reconstructions of rendered and real
// pictures.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { given } from '../../lib/base/given.js';
import { mean } from '../../lib/base/mean.js';
import { textToImage } from '../../lib/diffusion/img2img.js';
import { decodeFrame, encodeFrame } from '../../lib/diffusion/restyle.js';
import { compareFrames, peakSignalNoiseRatio } from '../../lib/metrics/pixels.js';
import { loadModel, type Model } from '../../lib/models/model.js';
import { writeChart } from '../../lib/report/chart-picture.js';
import type { Frame } from '../../lib/tensor/frame.js';
import { randn } from '../../lib/tensor/randn.js';
import { contactSheet } from '../../lib/video/layout/contact-sheet.js';
import { openVideo } from '../../lib/video/read/open-video.js';
import type { Video } from '../../lib/video/read/video.js';
import { writePicture } from '../../lib/video/still.js';
import { HELD_OUT_SHOTS, shotFrames, shotPicture } from '../../lib/world/held-out-shots.js';
import { STYLES } from '../../lib/world/styles/styles.js';
import { type LogLine, readLog } from './training-log.js';

/** Prompts of the sample sheet. */
const SAMPLED: readonly (readonly [label: string, prompt: string])[] = [
  ['photo', 'a photo of a city street by day with a red car'],
  ['neon', 'a cyberpunk neon painting of a city street at night with a red car'],
  ['pencil', 'a pencil sketch of a city street with a white car'],
  ['oil', 'an oil painting of a city street at dusk'],
  ['watercolor', 'a watercolor painting of a street with a yellow car'],
  ['comic', 'a comic book drawing of a city street with a blue car'],
  ['winter', 'a photo of a snowy city street'],
  ['desert', 'a photo of a desert city street at sunset'],
];
const GUIDANCE = 3;

/** Options of the card. */
export interface CardOptions {
  /** A real video to reconstruct too. */
  readonly real?: string | undefined;
  /** Seeds of the samples, one column each. */
  readonly seeds?: readonly number[];
  /** DDIM steps per sample; 50 by default. */
  readonly steps?: number;
  /** Measured frames per held-out shot; by default all, and three in each style. */
  readonly frames?: number;
}

/** The numbers of the card. */
export interface CardNumbers {
  /** PSNR of VAE round trips in dB: of each held-out shot in the photo style, of each style, and over all. */
  readonly shots: Readonly<Record<string, number>>;
  readonly styles: Readonly<Record<string, number>>;
  readonly all: number;
  /** The same for a real video; null without one. */
  readonly real: number | null;
}

/**
 * Writes the pictures into `pictures` and the numbers into `numbers.json` there.
 *
 * @throws UsageError when the model or the video does not exist
 */
export async function writeCard(path: string, pictures: string, options: CardOptions = {}): Promise<CardNumbers> {
  const { real } = options;
  const video = real === undefined ? undefined : await openVideo(real, { size: 128, frames: 24 });
  const model = await loadModel(path);
  try {
    await mkdir(pictures, { recursive: true });
    await writeSamples(model, join(pictures, 'samples.jpg'), options);
    const numbers = await reconstructions(model, join(pictures, 'reconstructions.png'), video, options.frames);
    await writeLosses(path, pictures);
    await writeFileAtomic(join(pictures, 'numbers.json'), `${JSON.stringify(numbers, null, 2)}\n`);
    return numbers;
  } finally {
    await model.dispose();
  }
}

async function writeSamples(
  model: Model,
  path: string,
  { seeds = [1, 2, 3, 4], steps = 50 }: CardOptions,
): Promise<void> {
  const side = 128 / model.config.vaeFactor;
  const frames: Frame[] = [];
  for (const [, prompt] of SAMPLED) {
    for (const seed of seeds) {
      const noise = randn(seed, [1, model.config.vae.latentChannels, side, side]);
      let latent = noise;
      for await (const step of textToImage(model, { prompt, noise, steps, guidanceScale: GUIDANCE }))
        latent = step.latent;
      frames.push(await decodeFrame(model, latent));
    }
  }
  const labels = { columns: seeds.map((seed) => `seed ${seed}`), rows: SAMPLED.map(([label]) => label) };
  await writePicture(path, await contactSheet(frames, { columns: seeds.length, labels }));
}

async function reconstructions(
  model: Model,
  path: string,
  video: Video | undefined,
  count: number | undefined,
): Promise<CardNumbers> {
  const psnrs: number[] = [];
  const roundTrip = async (frame: Frame): Promise<{ frame: Frame; psnr: number }> => {
    const back = await decodeFrame(model, await encodeFrame(model, frame));
    return { frame: back, psnr: peakSignalNoiseRatio(compareFrames(back, frame).squared) };
  };
  const meanOf = async (frames: AsyncIterable<Frame> | Iterable<Frame>): Promise<number> => {
    const own: number[] = [];
    for await (const frame of frames) own.push((await roundTrip(frame)).psnr);
    return mean(own);
  };
  const shots: Record<string, number> = {};
  for (const shot of HELD_OUT_SHOTS) {
    shots[shot.name] = await meanOf(shotFrames(shot, 'photo', given({ frames: count })));
    psnrs.push(shots[shot.name]);
  }
  const styles: Record<string, number> = {};
  const shown: Frame[] = [];
  for (const style of STYLES) {
    const frames = HELD_OUT_SHOTS.flatMap((shot) =>
      [0, 12, 24].slice(0, count).map((i) => shotPicture(shot, i, style)),
    );
    styles[style] = await meanOf(frames);
    psnrs.push(styles[style]);
    shown.push(frames[0], (await roundTrip(frames[0])).frame);
  }
  const sheet = await contactSheet(shown, {
    columns: 4,
    labels: { columns: ['original', 'round trip', 'original', 'round trip'] },
  });
  await writePicture(path, sheet);
  const real = video ? await meanOf(video.frames()) : null;
  return { shots, styles, all: mean(psnrs), real };
}

async function writeLosses(path: string, pictures: string): Promise<void> {
  const [vae, decoder, unet] = await Promise.all(['vae', 'decoder', 'unet'].map((part) => readLog(path, part)));
  const line = (label: string, log: readonly LogLine[], key: string) => ({
    label,
    points: continued(log).flatMap(({ iteration, [key]: value }) =>
      iteration === undefined || value === undefined ? [] : [[iteration, value] as const],
    ),
  });
  const lines = [line('autoencoder', vae, 'psnr'), line('decoder alone', decoder, 'psnr')];
  await writeChart(join(pictures, 'psnr.png'), {
    title: 'PSNR of held-out pictures after a round trip (dB)',
    xLabel: 'iterations of 16 crops',
    lines: lines.filter(({ points }) => points.length > 0),
  });
  await writeChart(join(pictures, 'loss.png'), {
    title: 'Loss of the denoising network: min(SNR, 5) |x0 error|²',
    xLabel: 'iterations of 16 pictures',
    lines: [line('training', unet, 'loss'), line('held-out drives', unet, 'heldOutLoss')],
  });
}

/** The log of successive trainings as one. */
function continued(log: readonly LogLine[]): LogLine[] {
  let [before, last] = [0, 0];
  return log.map(({ iteration = 0, ...rest }) => {
    if (iteration <= last) before += last;
    last = iteration;
    return { ...rest, iteration: before + iteration };
  });
}
