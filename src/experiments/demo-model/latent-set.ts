// The training pictures of the denoising network as latents with the token ids of their captions, for a ControlNet with the
// edges of the same view as a photograph. Each is rendered and encoded once, when it is first needed, and stored on disk in
// shards.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../lib/base/errors.js';
import { seedOf, sha256 } from '../../lib/base/hash.js';
import { createGenerator, shuffled } from '../../lib/base/random.js';
import type { Model } from '../../lib/models/model.js';
import { type Frame, framesToImage } from '../../lib/tensor/frame.js';
import { toFloat16, toFloat32 } from '../../lib/tensor/half.js';
import { readSafetensors, writeSafetensors } from '../../lib/tensor/safetensors.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { renderScene } from '../../lib/world/picture/render-scene.js';
import { planSample } from '../../lib/world/sampling/training-sample.js';
import { jitteredEdges } from './jittered-edges.js';
import type { CaptionedLatents } from './pretrain-denoiser.js';

/** Pictures per file. */
const SHARD = 1024;
const ENCODED_AT_ONCE = 16;
const SIZE = { width: 128, height: 128 } as const;
const PIXELS = SIZE.width * SIZE.height;

/** The pictures, and their encoder. */
export interface LatentSetOptions {
  readonly model: Model;
  /** Folder of the shards. */
  readonly folder: string;
  /** Seed of the samples. */
  readonly seed: number;
  /** Number of pictures; rounded up to whole shards. */
  readonly pictures: number;
  /** Pictures per shard; by default 1024, or `pictures` if that is less. */
  readonly shard?: number;
  /** Pictures per iteration. */
  readonly batch: number;
  /** Hash of the encoder's weights. */
  readonly encoder: string;
  /** Whether each picture comes with edges (`jitteredEdges`); not by default. */
  readonly edges?: boolean;
}

/** Batches of latents by iteration. */
export interface LatentSet {
  /** Identity of these latents: equal only for equal pictures and encoders. */
  readonly identity: string;
  /** The batch of an iteration: all pictures once per pass, shard by shard, in a different order for each pass. */
  samples(iteration: number): Promise<CaptionedLatents>;
  /** `count` batches of drives that are not in the training set. */
  heldOut(count: number): Promise<CaptionedLatents[]>;
}

interface Shard {
  readonly latents: Float32Array;
  readonly ids: Int32Array;
  /** Empty without edges. */
  readonly edges: Uint8Array;
}

/** A picture to encode. */
interface Sample {
  readonly frame: Frame;
  readonly caption: string;
  readonly edges: Uint8Array | null;
}

/**
 * Opens the set without rendering pictures.
 *
 * @throws UsageError when the batch does not divide a shard
 */
export function openLatentSet(options: LatentSetOptions): LatentSet {
  const { model, folder, seed, pictures, batch, encoder, edges: withEdges = false } = options;
  const { shard: size = Math.min(SHARD, pictures) } = options;
  const each = size / batch;
  if (!Number.isInteger(each)) {
    throw new UsageError(`batch: ${batch} does not divide the ${size} pictures of a shard; choose a batch that does`);
  }
  const shards = Math.ceil(pictures / size);
  const cells = (SIZE.width / model.config.vaeFactor) ** 2 * model.config.vae.latentChannels;
  const tokens = model.tokenize('').length;
  const identity = `world, seed ${seed}, ${shards * size} pictures, encoder ${encoder.slice(0, 16)}${withEdges ? ', edges' : ''}`;
  const home = join(folder, `latents-${sha256(identity).slice(0, 12)}`);
  const open = new Map<number, Promise<Shard>>();

  const sample = (index: number, heldOut: boolean): Sample => {
    const { drive, t, style, caption } = planSample(seed, index, { heldOut });
    const edges = withEdges ? jitteredEdges(renderScene(drive, t, 'photo', SIZE), `${seed} edges ${index}`) : null;
    return { frame: renderScene(drive, t, style, SIZE), caption, edges };
  };
  const load = async (number: number): Promise<Shard> => {
    const path = join(home, `shard-${String(number).padStart(4, '0')}.safetensors`);
    if (!existsSync(path)) {
      await mkdir(home, { recursive: true });
      const made = await makeShard(model, size, (i) => sample(number * size + i, false));
      await writeSafetensors(path, {
        latents: toFloat16(tensor('float32', [size, cells], made.latents)),
        ids: tensor('int32', [size, tokens], made.ids),
        ...(withEdges && { edges: tensor('uint8', [size, PIXELS], made.edges) }),
      });
    }
    const { latents, ids, edges } = await readSafetensors(path);
    return {
      latents: toFloat32(latents).data,
      ids: ids.data as Int32Array,
      edges: withEdges ? (edges.data as Uint8Array) : new Uint8Array(0),
    };
  };
  const shard = (number: number): Promise<Shard> => {
    const known = open.get(number) ?? load(number);
    open.set(number, known);
    return known;
  };
  const pick = ({ latents, ids, edges }: Shard, rows: readonly number[]): CaptionedLatents => ({
    latents: rows.map((row) => latents.subarray(row * cells, (row + 1) * cells)),
    ids: rows.map((row) => ids.subarray(row * tokens, (row + 1) * tokens)),
    ...(withEdges && { edges: rows.map((row) => edges.subarray(row * PIXELS, (row + 1) * PIXELS)) }),
  });

  return {
    identity,
    async samples(iteration) {
      const pass = Math.floor(iteration / (each * shards));
      const place = Math.floor((iteration % (each * shards)) / each);
      const number = shuffled(shards, createGenerator(seedOf(`${seed} shards ${pass}`)))[place];
      const order = shuffled(size, createGenerator(seedOf(`${seed} pictures ${pass} ${number}`)));
      const first = (iteration % each) * batch;
      return pick(await shard(number), order.slice(first, first + batch));
    },
    async heldOut(count) {
      const made = await makeShard(model, count * batch, (i) => sample(i, true));
      return Array.from({ length: count }, (_, n) =>
        pick(
          made,
          Array.from({ length: batch }, (_, i) => n * batch + i),
        ),
      );
    },
  };
}

async function makeShard(model: Model, count: number, sample: (index: number) => Sample): Promise<Shard> {
  const { scalingFactor } = model.config.vae;
  let latents = new Float32Array(0);
  let ids = new Int32Array(0);
  let edges = new Uint8Array(0);
  for (let first = 0; first < count; first += ENCODED_AT_ONCE) {
    const samples = Array.from({ length: Math.min(ENCODED_AT_ONCE, count - first) }, (_, i) => sample(first + i));
    const { mean } = await model.encodeImage(framesToImage(samples.map(({ frame }) => frame)));
    const cells = mean.data.length / samples.length;
    if (first === 0) latents = new Float32Array(count * cells);
    latents.set(
      mean.data.map((value) => value * scalingFactor),
      first * cells,
    );
    samples.forEach(({ caption, edges: own }, i) => {
      if (own !== null) {
        if (edges.length === 0) edges = new Uint8Array(count * PIXELS);
        edges.set(own, (first + i) * PIXELS);
      }
      const tokens = model.tokenize(caption);
      if (ids.length === 0) ids = new Int32Array(count * tokens.length);
      ids.set(tokens, (first + i) * tokens.length);
    });
  }
  return { latents, ids, edges };
}
