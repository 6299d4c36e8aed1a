// Small pieces of pictures for the training of an autoencoder: streets in all styles, and one time in four a texture.

import { createGenerator } from '../../base/random.js';
import type { Frame } from '../../tensor/frame.js';
import { hashBits } from '../noise.js';
import { texturePicture } from '../picture/texture-picture.js';
import { trainingSample } from './training-sample.js';

const PICTURE = 128;
const CROPS_A_PICTURE = 2;
const TEXTURE_SHARE = 0.25;

/** The crops of one iteration, two of each picture, half of them mirrored: a pure function of its arguments. */
export function trainingCrops(seed: number, iteration: number, count: number, size = 64): Frame[] {
  const generator = createGenerator(hashBits(iteration, 53, hashBits(seed, 59, 11)));
  const pictures = Math.ceil(count / CROPS_A_PICTURE);
  const crops: Frame[] = [];
  for (let i = 0; i < pictures; i++) {
    const index = iteration * pictures + i;
    const isTexture = generator.uniform() < TEXTURE_SHARE;
    const picture = isTexture ? texturePicture(seed, index, PICTURE) : trainingSample(seed, index).frame;
    for (let n = 0; n < CROPS_A_PICTURE && crops.length < count; n++) {
      const left = generator.integer(PICTURE - size + 1);
      const top = generator.integer(PICTURE - size + 1);
      crops.push(crop(picture, { left, top, size, mirrored: generator.uniform() < 0.5 }));
    }
  }
  return crops;
}

/** A whole picture that training never sees, for judging. */
export function heldOutPicture(seed: number, index: number): Frame {
  return trainingSample(seed, index, { heldOut: true }).frame;
}

/** A square part of a picture, in pixels. */
interface Crop {
  readonly left: number;
  readonly top: number;
  readonly size: number;
  readonly mirrored: boolean;
}

function crop(picture: Frame, { left, top, size, mirrored }: Crop): Frame {
  const data = new Uint8Array(3 * size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = 3 * ((top + y) * picture.width + left + (mirrored ? size - 1 - x : x));
      const to = 3 * (y * size + x);
      for (let c = 0; c < 3; c++) data[to + c] = picture.data[from + c];
    }
  }
  return { width: size, height: size, data };
}
