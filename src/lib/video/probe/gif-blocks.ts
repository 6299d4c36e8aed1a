// The blocks of GIF files: whether the file is whole (ffmpeg decodes the frames before the end and reports nothing about missing
// ones), and its comments.

import { readFile } from 'node:fs/promises';

/** Whether the GIF at `path` ends before its trailer (GIF89a, 27). Only walks its blocks. */
export async function isCutOff(path: string): Promise<boolean> {
  return walkBlocks(await readFile(path)) === 'cut off';
}

/** The comments of the GIF at `path` (GIF89a, 24), as far as it is whole. */
export async function gifComments(path: string): Promise<string[]> {
  const data = await readFile(path);
  const comments: string[] = [];
  walkBlocks(data, (from, end) => {
    const parts: Buffer[] = [];
    for (let at = from; at < end && data[at] !== 0; at += data[at] + 1)
      parts.push(data.subarray(at + 1, at + 1 + data[at]));
    comments.push(Buffer.concat(parts).toString('utf8'));
  });
  return comments;
}

/** Walks the blocks; damage is reported by the decoder. `onComment` gets the place of a comment's sub-blocks. */
function walkBlocks(
  data: Buffer,
  onComment: (from: number, end: number) => void = () => {},
): 'whole' | 'cut off' | 'damaged' {
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  /** The offset after a chain of sub-blocks. */
  const behind = (place: number) => {
    let at = place;
    while (at < data.length && data[at] !== 0) at += data[at] + 1;
    return at + 1;
  };
  for (let at = 13 + colours(data[10]); at < data.length; ) {
    const label = data[at];
    if (label === 0x3b) return 'whole';
    if (label === 0x21) {
      const end = behind(at + 2);
      if (data[at + 1] === 0xfe) onComment(at + 2, Math.min(end, data.length));
      at = end;
    } else if (label === 0x2c) at = behind(at + 11 + colours(data[at + 9]));
    else return 'damaged';
  }
  return 'cut off';
}
