// Encodes a frame as a picture for a page.

import { dataUri } from '../base/data-uri.js';
import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';

/** A frame as a `data:` URI: lossless PNG, or WebP of a quality (1 to 100), much smaller. */
export async function frameUri(frame: Frame, options: { readonly quality?: number } = {}): Promise<string> {
  const { quality } = options;
  const image = asImage(frame);
  if (quality === undefined) return dataUri('image/png', await image.png().toBuffer());
  return dataUri('image/webp', await image.webp({ quality }).toBuffer());
}
