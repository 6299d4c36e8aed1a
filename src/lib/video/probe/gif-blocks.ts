// Detects truncated GIF files. ffmpeg decodes the frames before the end and reports nothing about missing ones.

import { readFile } from 'node:fs/promises';

/** Whether the GIF at `path` ends before its trailer (GIF89a, 27). Only walks its blocks. */
export async function isCutOff(path: string): Promise<boolean> {
  const data = await readFile(path);
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  /** The offset after a chain of sub-blocks. */
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
    else return false; // not truncated but damaged: the decoder reports it
  }
  return true;
}
