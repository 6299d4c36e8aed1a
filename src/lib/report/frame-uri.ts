// A frame as a picture inside a page.

import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';

/** A frame as a `data:` URI: PNG, exact, or WebP of a quality (1 to 100), much smaller. */
export async function frameUri(frame: Frame, options: { readonly quality?: number } = {}): Promise<string> {
  const { quality } = options;
  const image = asImage(frame);
  const data = await (quality === undefined ? image.png() : image.webp({ quality })).toBuffer();
  return `data:image/${quality === undefined ? 'png' : 'webp'};base64,${data.toString('base64')}`;
}
