// A frame as a picture for an output: PNG while it is small, JPEG where exact pixels would make the notebook heavy.

import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';

/** Largest PNG, in bytes, that a notebook takes. */
const LARGEST_PNG = 40_000;

/** Encodes a frame, drawn `width` pixels across: enlarged by whole pixels, reduced smoothly. */
export async function pictureOf(frame: Frame, width: number = frame.width): Promise<Uint8Array> {
  const kernel = width > frame.width ? 'nearest' : 'lanczos3';
  const image = asImage(frame).resize({ width: Math.round(width), kernel });
  const png = await image.clone().png({ compressionLevel: 9 }).toBuffer();
  return png.length <= LARGEST_PNG ? png : image.jpeg({ quality: 88, chromaSubsampling: '4:4:4' }).toBuffer();
}
