// The control `previous`: what it sees of each frame, the same with the files of a sweep, and after an interruption.

import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { conditionTensor } from '../../src/lib/conditions/condition.js';
import type { SourceMotion } from '../../src/lib/consistency/motion.js';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { checkFollowing, withPrevious } from '../../src/lib/diffusion/previous-frame.js';
import { decodeFrame, encodeFrame, restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { measure } from '../../src/lib/metrics/measure.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import { identifyingSteadiness } from '../../src/lib/settings/stored.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { tinyControl } from '../models/tiny-control.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { collect } from '../video/shots.js';

const scratch = scratchFolder();
const settings = { prompt: 'a city', strength: 1, steps: 2, guidanceScale: 2, seed: 3 };
const SIDE = 32;
let video: string;
let model: Model;
let frames: Frame[];
beforeAll(async () => {
  const checkpoint = await smallestCheckpoint(scratch);
  const control = await tinyControl(checkpoint, join(scratch, 'control'));
  video = await shot(scratch, 'street', { frames: 4, width: SIDE, height: SIDE });
  model = await loadModel(checkpoint, { device: 'cpu', controls: [{ kind: 'previous', path: control, scale: 6 }] });
  const [first, second, third, last] = await collect((await openVideo(video, { frameRate: 10 })).frames());
  // The last one belongs to another shot.
  frames = [first, second, third, { ...last, data: last.data.map((value) => 255 - value) }];
});

/** Everything moves by two pixels to the left; what comes in from the right was not seen. */
const motion: SourceMotion = () => {
  const flow = { width: SIDE, height: SIDE, data: new Float32Array(2 * SIDE * SIDE) };
  const visible = new Uint8Array(SIDE * SIDE).fill(1);
  for (let p = 0; p < visible.length; p++) {
    flow.data[2 * p] = 2;
    if (p % SIDE >= SIDE - 2) visible[p] = 0;
  }
  return { flow, visible };
};

async function rendered(frame: Frame, condition: Frame): Promise<Frame> {
  let latent = await encodeFrame(model, frame);
  const noise = randn(settings.seed, latent.shape);
  const conditions = [conditionTensor([condition])];
  for await (const step of img2img(model, { ...settings, latent, noise, conditions })) latent = step.latent;
  return decodeFrame(model, latent);
}

test('it sees the previous rendered frame where it was visible, else the source; at first and at a cut the source', async () => {
  const expected: Frame[] = [];
  for (const [i, frame] of frames.entries()) {
    const data = Uint8Array.from(frame.data); // a slice of a Buffer is the same memory
    if (i === 1 || i === 2) {
      for (let p = 0; p < SIDE * SIDE; p++) {
        if (p % SIDE >= SIDE - 2) continue;
        for (let c = 0; c < 3; c++) data[3 * p + c] = expected[i - 1].data[3 * (p + 2) + c];
      }
    }
    expected.push(await rendered(frame, { ...frame, data }));
  }
  expect(await collect(restyle(model, frames, { ...settings, motion }))).toEqual(expected);
  const [own] = await collect(restyle(model, frames.slice(1, 2), settings));
  expect(own).not.toEqual(expected[1]);
});

test('a sweep renders the same, also after an interruption in a frame', async () => {
  const { strength, ...options } = settings;
  const own = { ...options, strengths: [strength], size: { width: SIDE, height: SIDE }, frameRate: 10, track: false };
  const whole = await strengthSweep(model, video, { ...own, out: join(scratch, 'whole') });
  const source = await openVideo(video, { frameRate: 10 });
  const { outputs } = await measure(source.frames(), { low: restyle(model, source, settings) });
  expect(whole.cells[0].metrics).toEqual(outputs.low.means);

  const out = join(scratch, 'parts');
  const controller = new AbortController();
  const onProgress = ({ phase, done }: { phase?: string; done: number }): void => {
    if (phase === 'denoising' && done === 5) controller.abort(new Error('stopped here'));
  };
  const stopped = strengthSweep(model, video, { ...own, out, onProgress, signal: controller.signal });
  await expect(stopped).rejects.toThrow('stopped here');
  await strengthSweep(model, video, { ...own, out, resume: true });
  expect(hashes(out)).toEqual(hashes(whole.out));
});

test('its frames are made one by one: what renders several at once is refused', async () => {
  for (const [options, sentence] of [
    [{ batch: 2 }, 'batches of 2 hold several at once; render batches of 1'],
    [{ anchor: 'first-previous' }, 'anchor and adain render them together; leave these out'],
    [{ adain: 0.2 }, 'anchor and adain render them together; leave these out'],
  ] as const) {
    await expect(collect(restyle(model, frames, { ...settings, ...options }))).rejects.toThrow(sentence);
  }
  await expect(collect(restyleKeyframes(model, frames, settings))).rejects.toThrow('leave out steady');
  checkFollowing({ controls: [{ kind: 'tile', path: '' }] }, { batch: 2 });
});

test('the flow counts for what a result is where something moves along it', async () => {
  const moving = { flow: 'farneback' as const, controls: model.controls };
  expect(identifyingSteadiness(moving)).toEqual({ flow: 'farneback' });
  expect(identifyingSteadiness({ controls: model.controls })).toEqual({ flow: 'network' });
  // Results made along it before `flow` counted keep their identity.
  expect(identifyingSteadiness({ ...moving, flow: 'dis' })).toEqual({});
  expect(identifyingSteadiness({ ...moving, controls: [{ kind: 'tile' }] })).toEqual({});
  const [first, second] = frames.map((frame, index) => ({ frame, index }));
  const before = { ...first, rendered: frames[0] };
  const [dis, other] = await Promise.all(
    (['dis', 'farneback'] as const).map((flow) => withPrevious(model, second, before, { flow })),
  );
  expect(dis).not.toEqual(other);
});
