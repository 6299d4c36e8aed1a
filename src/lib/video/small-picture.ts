// A frame or a picture, small enough to be a part of a report of progress.

import sharp from 'sharp';
import { dataUri } from '../base/data-uri.js';
import type { Frame } from '../tensor/frame.js';
import { asImage } from './as-image.js';

/** The longer side in pixels at most. */
const SIDE = 320;

/** A frame, or the picture of a file, as the `data:` URI of a JPEG. */
export async function smallPicture(from: Frame | string): Promise<string> {
  const image = typeof from === 'string' ? sharp(from) : asImage(from);
  const small = image.resize({ width: SIDE, height: SIDE, fit: 'inside', withoutEnlargement: true });
  return dataUri('image/jpeg', await small.jpeg({ quality: 80 }).toBuffer());
}
