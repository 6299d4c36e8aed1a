// Fills the journals of steady renderings: only the keyframes go through the network, the frames between are carried from
// them. A rendering continues at the last whole batch of keys that its journal has.

import { sha256Json } from '../base/hash.js';
import type { RecordJournal } from '../base/record-journal.js';
import { carry } from '../consistency/carry.js';
import { type KeySegment, keySegments } from '../consistency/key-segments.js';
import { motionBy, type SourceFrame, type SourceMotion } from '../consistency/motion.js';
import { MOTION_BYTES, storedMotion } from '../consistency/stored-motion.js';
import { isMasked, withMask } from '../diffusion/mask.js';
import { decodeFrame } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { chosenSettings, withDefaults } from '../settings/defaults.js';
import { RENDER, STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { Tensor } from '../tensor/tensor.js';
import { editLatents } from './edit-latents.js';
import {
  type FilledRendering,
  frameAt,
  framesWithNoise,
  type RenderedFrom,
  type RenderingHooks,
  seenAt,
} from './fill-journals.js';

/** Bytes of a keyframe's number in its journal. */
const KEY_BYTES = 4;

/**
 * Renders the keyframes of renderings that choose the same ones, and carries them to the frames between. A single rendering
 * whose frames are rendered together (`steps`) has all of its keys in one batch.
 */
export async function renderKeyframes(
  model: Model,
  from: RenderedFrom,
  renderings: readonly FilledRendering[],
  hooks: RenderingHooks,
): Promise<void> {
  const open = renderings.filter(({ output }) => output.count < from.source.count);
  if (open.length === 0) return;
  const [{ options, steps }] = open;
  const chosen = chosenSettings(STEADY, options);
  const noises = [...new Set(open.flatMap(({ noise }) => noise ?? []))];
  const segmentsFrom = (first: number, motion?: SourceMotion): AsyncGenerator<KeySegment<SourceFrame>> =>
    keySegments(framesWithNoise(from, noises, { first, signal: hooks.signal }), chosen, motion);
  if (steps) {
    const { width, height } = from.video;
    const pairs = await from.journal('motion.f32', MOTION_BYTES * width * height, { fresh: true });
    const motion = storedMotion(pairs, motionBy(chosen.flow));
    await renderTogether(model, from, { rendering: open[0], segments: () => segmentsFrom(0, motion) }, hooks);
    await pairs.truncate(0);
    return pairs.close();
  }
  const { batch } = withDefaults(RENDER, options);
  const keys = await from.journal(`keys-${sha256Json({ ...chosen, batch }).slice(0, 8)}.u32`, KEY_BYTES);
  const known: number[] = [];
  for await (const record of keys.records()) known.push(Buffer.from(record).readUInt32LE());
  const counts: number[] = [];
  for (const { output } of open) {
    const done = known.filter((key) => key < output.count).length;
    const whole = Math.floor(done / batch) * batch;
    await output.truncate(whole === 0 ? 0 : known[whole - 1] + 1);
    counts.push(whole);
  }
  const begun = Math.min(...counts);
  await keys.truncate(begun);
  const segments = segmentsFrom(begun === 0 ? 0 : known[begun - 1]);
  // The first segment after an interruption is the last key that is done.
  if (begun > 0) await segments.next();
  for await (const group of inBatches(segments, batch)) {
    const numbers = group.map(({ key }) => key.index);
    await appendKeys(keys, numbers);
    const end = numbers[numbers.length - 1];
    for (const rendering of open) {
      const first = rendering.output.count;
      if (first > end) continue; // it was ahead of the others
      hooks.signal?.throwIfAborted();
      const edited = await editLatents(model, from, { rendering, numbers }, (share) =>
        hooks.onStep(rendering, first + share * (end + 1 - first)),
      );
      await appendCarried(model, from, { rendering, segments: group, edited }, hooks);
    }
  }
}

/**
 * Renders all keyframes together, then goes through the segments again to carry them: latents are held for all of them, frames
 * and motion are not.
 */
async function renderTogether(
  model: Model,
  from: RenderedFrom,
  {
    rendering,
    segments,
  }: { readonly rendering: FilledRendering; readonly segments: () => AsyncIterable<KeySegment<SourceFrame>> },
  hooks: RenderingHooks,
): Promise<void> {
  await rendering.output.truncate(0);
  const numbers: number[] = [];
  for await (const { key } of segments()) numbers.push(key.index);
  const edited = await editLatents(model, from, { rendering, numbers }, (share) =>
    hooks.onStep(rendering, share * from.source.count),
  );
  let i = 0;
  for await (const segment of segments()) {
    await appendCarried(model, from, { rendering, segments: [segment], edited: [edited[i++]] }, hooks);
  }
}

/** Appends the frames of segments to the journal of a rendering, from the edited latents of their keys. */
async function appendCarried(
  model: Model,
  from: RenderedFrom,
  {
    rendering: { output, options },
    segments,
    edited,
  }: {
    readonly rendering: FilledRendering;
    readonly segments: readonly KeySegment<SourceFrame>[];
    readonly edited: readonly Tensor<'float32'>[];
  },
  { onFrame }: RenderingHooks,
): Promise<void> {
  let before = output.count === 0 ? undefined : await frameAt({ ...from, source: output }, output.count - 1);
  for (const [i, segment] of segments.entries()) {
    const masked = async (frame: Frame, index: number): Promise<Frame> =>
      isMasked(options) ? withMask(await seenAt(from, index), frame, options) : frame;
    const styled = await masked(await decodeFrame(model, edited[i], segment.key.index), segment.key.index);
    for (const frame of carry(segment, before, styled)) {
      const isKey = output.count === segment.key.index;
      const shown = isKey ? frame : await masked(frame, output.count);
      await output.append(shown.data);
      await onFrame(shown);
    }
    before = styled;
  }
  await output.flush();
}

async function appendKeys(keys: RecordJournal, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const bytes = Buffer.alloc(KEY_BYTES);
    bytes.writeUInt32LE(number);
    await keys.append(bytes);
  }
  await keys.flush();
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
