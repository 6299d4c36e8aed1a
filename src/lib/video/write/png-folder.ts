// A folder of numbered PNG files, several encoded at once.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from '../../tensor/frame.js';
import { asImage } from '../as-image.js';
import { pngWithText } from '../metadata/embed.js';
import { mapInOrder } from '../read/in-order.js';
import { PICTURES_AT_ONCE } from '../read/pictures.js';

/** Writes frames into the folder `path` as 00001.png, 00002.png, ..., each with the comment. */
export async function writePngFolder(
  path: string,
  frames: AsyncIterable<Frame>,
  { comment }: { readonly comment?: string | undefined } = {},
): Promise<{ frames: number }> {
  let count = 0;
  const written = mapInOrder(frames, PICTURES_AT_ONCE, async (frame, index) => {
    const png = await asImage(frame).png().toBuffer();
    const bytes = comment === undefined ? png : pngWithText(png, comment);
    await writeFile(join(path, `${String(index + 1).padStart(5, '0')}.png`), bytes);
  });
  for await (const _ of written) count++;
  return { frames: count };
}
