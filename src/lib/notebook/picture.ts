// A frame as a picture for an output: PNG if it is small, else JPEG to limit the notebook's size.

import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';

/** Maximum size of a PNG in a notebook, in bytes. */
const LARGEST_PNG = 40_000;

/** Encodes a frame at a width of `width` pixels: enlarged by whole factors, reduced smoothly. */
export async function pictureOf(frame: Frame, width: number = frame.width): Promise<Uint8Array> {
  const kernel = width > frame.width ? 'nearest' : 'lanczos3';
  const image = asImage(frame).resize({ width: Math.round(width), kernel });
  const png = await image.clone().png({ compressionLevel: 9 }).toBuffer();
  return png.length <= LARGEST_PNG ? png : image.jpeg({ quality: 88, chromaSubsampling: '4:4:4' }).toBuffer();
}
