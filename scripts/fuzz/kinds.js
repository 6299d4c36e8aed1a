// @ts-check
// Every kind of file that is read: whole samples of it, and how it is read. Files of a kind lie in a folder of their own.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { SMALLEST } from './smallest-checkpoint.js';

/** @typedef {import('./mutate.js').Format} Format */
/**
 * @typedef {object} Kind
 * @property {number} share how many of a hundred inputs are of it; what starts ffmpeg has few
 * @property {Record<string, Format>} files that are damaged, one at a time, below the folder
 * @property {(folder: string) => Promise<void>} make writes whole samples into a folder that exists
 * @property {(folder: string, file: string) => Promise<unknown>} read reads them as the library does
 */

/** A module of the compiled library. @param {string} path */
const lib = (path) => import(new URL(`../../build/${path}.js`, import.meta.url).href);

const PROMPT = 'A neon city at night, rain \u591c \u{1f303}';
const SETTINGS = { rate: 1e-4, seed: 0 };

const quiet = { onWarning: () => {} };
/** @param {string} folder */
const model = async (folder) => {
  const { writeRandomCheckpoint } = await lib('lib/models/checkpoint/random-checkpoint');
  // With the demo model's short vocabulary: the stock one takes most of the time of a reading.
  const demo = (/** @type {string} */ path) =>
    readFileSync(new URL(`../../models/demo/tokenizer/${path}`, import.meta.url), 'utf8');
  const merges = demo('merges.txt').trimEnd().split('\n').slice(1);
  const vocabulary = { vocab: JSON.parse(demo('vocab.json')), merges: merges.map((pair) => pair.split(' ')) };
  await writeRandomCheckpoint(join(folder, 'model'), { ...SMALLEST, vocabulary });
};
/** @param {string} folder @param {object} [options] */
const load = async (folder, options = {}) => {
  const { loadModel } = await lib('lib/models/model');
  const opened = await loadModel(join(folder, 'model'), { ...quiet, ...options });
  return opened.tokenize(PROMPT);
};
/** @param {number} [frames] */
const picture = (frames = 1) => {
  const [width, height] = [32, 24];
  const data = Uint8Array.from({ length: 3 * width * height * frames }, (_, i) => (i * 7 + (i >> 6) * 13) & 255);
  return sharp(data, {
    raw: { width, height: height * frames, channels: 3, ...(frames > 1 && { pageHeight: height }) },
  });
};
/** @param {string} path @param {number} size @returns {Record<string, unknown>} */
const values = (path, size) => ({
  dtype: 'float32',
  shape: path.endsWith('alpha') ? [] : [size / 4, 4],
  data: new Float32Array(path.endsWith('alpha') ? 1 : size).fill(0.5),
});

/** @type {Record<string, Kind>} */
export const KINDS = {
  safetensors: {
    share: 14,
    files: { 'x.safetensors': 'safetensors' },
    async make(folder) {
      const { writeSafetensors } = await lib('lib/tensor/safetensors');
      const tensors = { a: values('a', 8), 'b.weight': values('b', 16), alpha: values('alpha', 1) };
      await writeSafetensors(join(folder, 'x.safetensors'), tensors, { format: 'pt', note: 'x' });
    },
    async read(folder, file) {
      const { readSafetensors } = await lib('lib/tensor/safetensors');
      await readSafetensors(join(folder, file));
    },
  },
  lora: {
    share: 10,
    files: { 'lora.safetensors': 'safetensors' },
    async make(folder) {
      await model(folder);
      const { writeSafetensors } = await lib('lib/tensor/safetensors');
      /** @type {Record<string, unknown>} */
      const tensors = {};
      for (const layer of ['attn1_to_q', 'attn1_to_k', 'attn2_to_q']) {
        const name = `lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_${layer}`;
        const matrix = (/** @type {number[]} */ shape) => ({
          dtype: 'float32',
          shape,
          data: new Float32Array(16).fill(0.1),
        });
        tensors[`${name}.lora_down.weight`] = matrix([2, 8]);
        tensors[`${name}.lora_up.weight`] = matrix([8, 2]);
        tensors[`${name}.alpha`] = { dtype: 'float32', shape: [], data: Float32Array.of(2) };
      }
      await writeSafetensors(join(folder, 'lora.safetensors'), tensors, { ss_network_dim: '2' });
    },
    read: (folder, file) => load(folder, { loras: [{ file: join(folder, file) }] }),
  },
  config: {
    share: 14,
    files: {
      'model/unet/config.json': 'json',
      'model/vae/config.json': 'json',
      'model/text_encoder/config.json': 'json',
      'model/scheduler/scheduler_config.json': 'json',
      'model/model_index.json': 'json',
    },
    make: model,
    read: (folder) => load(folder),
  },
  tokenizer: {
    share: 8,
    files: {
      'model/tokenizer/vocab.json': 'json',
      'model/tokenizer/merges.txt': 'text',
      'model/tokenizer/tokenizer_config.json': 'json',
    },
    make: model,
    async read(folder) {
      const { openTokenizer } = await lib('lib/models/text/tokenizer');
      openTokenizer(join(folder, 'model/tokenizer')).encode(PROMPT);
    },
  },
  weights: {
    share: 5,
    files: { 'model/vae/diffusion_pytorch_model.safetensors': 'safetensors' },
    make: model,
    read: (folder) => load(folder),
  },
  video: {
    share: 6,
    files: { 'x.mp4': 'bytes', 'x.mkv': 'bytes', 'x.avi': 'bytes' },
    async make(folder) {
      const { findFfmpeg } = await lib('lib/video/ffmpeg/find-ffmpeg');
      const { path } = await findFfmpeg(() => {});
      const source = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=32x24:rate=10:duration=0.6'];
      const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
      for (const name of ['x.mp4', 'x.mkv']) execFileSync(path, [...source, ...encoder, join(folder, name)]);
      execFileSync(path, [...source, '-c:v', 'mjpeg', join(folder, 'x.avi')]);
    },
    read: (folder, file) => frames(join(folder, file)),
  },
  animation: {
    share: 10,
    files: { 'x.gif': 'bytes', 'x.webp': 'bytes', 'x.apng': 'bytes' },
    async make(folder) {
      await picture(4)
        .gif({ delay: [100, 50, 100, 100] })
        .toFile(join(folder, 'x.gif'));
      await picture(4)
        .webp({ delay: [100, 50, 100, 100], lossless: true })
        .toFile(join(folder, 'x.webp'));
      const { findFfmpeg } = await lib('lib/video/ffmpeg/find-ffmpeg');
      const { path } = await findFfmpeg(() => {});
      execFileSync(path, [
        '-v',
        'error',
        '-i',
        join(folder, 'x.gif'),
        '-plays',
        '0',
        '-f',
        'apng',
        join(folder, 'x.apng'),
      ]);
    },
    read: (folder, file) => frames(join(folder, file)),
  },
  picture: {
    share: 5,
    files: { 'x.png': 'bytes', 'x.jpg': 'bytes' },
    async make(folder) {
      await picture().png().toFile(join(folder, 'x.png'));
      await picture().jpeg().toFile(join(folder, 'x.jpg'));
    },
    async read(folder, file) {
      const { readPicture } = await lib('lib/video/still');
      await readPicture(join(folder, file));
    },
  },
  sweep: {
    share: 10,
    files: { 'sweep.yaml': 'yaml' },
    async make(folder) {
      writeFileSync(join(folder, 'street.mp4'), '');
      mkdirSync(join(folder, 'model'));
      writeFileSync(
        join(folder, 'sweep.yaml'),
        `method: random
name: night
video: street.mp4
model: model
prompt: a neon city
metric: {name: edit_strength, goal: maximize}
run_cap: 6
parameters:
  strength: {min: 0.3, max: 0.9}
  guidance: &g {values: [1, 7.5]}
  steps: {value: 20}
  seed: {values: [1, 2, 3]}
`,
      );
    },
    async read(folder, file) {
      const { readSweepFile } = await lib('lib/sweeps/file/read-sweep-file');
      await readSweepFile(join(folder, file));
    },
  },
  run: {
    share: 8,
    files: { 'runs/e/x/run.json': 'json', 'runs/e/x/metrics.jsonl': 'lines', 'runs/e/x/artifacts.jsonl': 'lines' },
    async make(folder) {
      const { startRun } = await lib('lib/tracking/log/start-run');
      const run = await startRun({
        root: join(folder, 'runs'),
        experiment: 'e',
        name: 'x',
        mlflow: false,
        parameters: { strength: 0.5, prompt: 'night' },
        tags: { a: 'b' },
      });
      for (let step = 0; step < 5; step++) run.logMetrics({ loss: 1 / (step + 1), flicker: 2 }, { step });
      writeFileSync(join(run.artifacts, 'a.txt'), 'a');
      await run.logArtifact(join(run.artifacts, 'a.txt'));
      await picture().png().toFile(join(run.artifacts, 'a.png'));
      await run.logImage(join(run.artifacts, 'a.png'), { key: 'preview', step: 1 });
      await run.finish();
    },
    async read(folder) {
      const root = join(folder, 'runs');
      rmSync(join(root, '.index.json'), { force: true });
      const { listRuns } = await lib('lib/tracking/query/list-runs');
      const { openRun } = await lib('lib/tracking/stored/open-run');
      const { writeRunReport } = await lib('ui/write-run-report');
      await listRuns({ root, ...quiet, filter: 'metrics.loss < 1', orderBy: '-params.strength' });
      const run = await openRun('e/x', { root });
      await run.metrics();
      await run.artifacts();
      rmSync(join(folder, 'page'), { recursive: true, force: true });
      await writeRunReport(join(folder, 'page'), { root, names: ['e/x'], ...quiet });
    },
  },
  sidecar: {
    share: 6,
    files: { 'edit.json': 'json' },
    async make(folder) {
      await picture().png().toFile(join(folder, 'edit.png'));
      const { readPicture } = await lib('lib/video/still');
      const { writeEdit } = await lib('lib/edits/sidecar');
      await writeEdit(join(folder, 'edit.png'), await readPicture(join(folder, 'edit.png')), {
        frame: 2,
        prompt: 'night',
        strength: 0.5,
        seed: 1,
      });
    },
    async read(folder) {
      const { readEdit } = await lib('lib/edits/sidecar');
      await readEdit(join(folder, 'edit.png'));
    },
  },
  training: {
    share: 4,
    files: {
      'out/checkpoints/000002/state.safetensors': 'safetensors',
      'out/checkpoints/000002/record.json': 'json',
      'out/settings.json': 'json',
    },
    async make(folder) {
      const out = join(folder, 'out');
      const { saveCheckpoint } = await lib('lib/training/finetune/folder');
      const weights = () => new Map([['w', values('w', 16)]]);
      const state = {
        iteration: 2,
        weights: weights(),
        optimizer: { step: 2, mean: weights(), square: weights() },
        average: null,
      };
      const record = {
        losses: [1, 0.5],
        gradientNorms: [1, 1],
        seconds: 1,
        forgetting: [{ iteration: 2, value: 0.1 }],
      };
      mkdirSync(out);
      writeFileSync(join(out, 'settings.json'), JSON.stringify(SETTINGS));
      await saveCheckpoint(out, { state, record, settings: SETTINGS }, async () => {});
      // As older versions wrote it, without a checksum: with one, whatever is changed is damage.
      const path = join(out, 'checkpoints/000002/record.json');
      const { checksum: _, ...plain } = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify(plain));
    },
    async read(folder) {
      const { nearestCheckpoint, openFinetuneFolder } = await lib('lib/training/finetune/folder');
      const opened = await openFinetuneFolder(join(folder, 'out'), SETTINGS, true);
      try {
        await nearestCheckpoint(join(folder, 'out'), { iterations: 2, names: ['w'], settings: SETTINGS });
      } finally {
        await opened.close();
      }
    },
  },
};

/** Opens a video and reads its first frames. @param {string} path */
async function frames(path) {
  const { openVideo } = await lib('lib/video/read/open-video');
  const video = await openVideo(path, quiet);
  let count = 0;
  for await (const _ of video.frames()) if (++count === 8) break;
}
