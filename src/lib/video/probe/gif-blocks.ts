// Whether a GIF is whole. ffmpeg shows the frames before a cut and says nothing about those behind it.

import { readFile } from 'node:fs/promises';

/** Whether the GIF at `path` ends before its trailer (GIF89a, 27). Its blocks are walked; nothing is decoded. */
export async function isCutOff(path: string): Promise<boolean> {
  const data = await readFile(path);
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  /** The place behind a chain of sub-blocks. */
  const behind = (place: number) => {
    let at = place;
    while (at < data.length && data[at] !== 0) at += data[at] + 1;
    return at + 1;
  };
  for (let at = 13 + colours(data[10]); at < data.length; ) {
    const label = data[at];
    if (label === 0x3b) return false;
    if (label === 0x21) at = behind(at + 2);
    else if (label === 0x2c) at = behind(at + 11 + colours(data[at + 9]));
    else return false; // not cut but damaged: the decoder says so
  }
  return true;
}
