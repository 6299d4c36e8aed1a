// The delays of an animation's pictures in GIF, WebP and APNG files.

import { open } from 'node:fs/promises';
import sharp from 'sharp';

/** Milliseconds that browsers show a frame whose delay is at most 10, which they treat as a mistake. */
const SHOWN_INSTEAD = 100;
const LEAST_DELAY = 10;

/** The times of an animation's frames and the end of the last one, as browsers show it; delays in milliseconds. */
export function delaysToTimes(delays: readonly number[]): { times: number[]; end: number } {
  const times: number[] = [];
  let now = 0;
  for (const delay of delays) {
    times.push(now / 1000);
    now += delay > LEAST_DELAY ? delay : SHOWN_INSTEAD;
  }
  return { times, end: now / 1000 };
}

/** The delays of a GIF or WebP in milliseconds; undefined if they cannot be read. */
export async function storedDelays(path: string): Promise<number[] | undefined> {
  const about = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  if (!about) return undefined;
  const { pages = 1, delay = [] } = about;
  return Array.from({ length: pages }, (_, page) => delay[page] ?? 0);
}

/** The delays of an animated PNG in milliseconds, from its `fcTL` chunks; empty if it has none. */
export async function apngDelays(path: string): Promise<number[]> {
  const file = await open(path);
  const delays: number[] = [];
  try {
    const head = Buffer.alloc(8);
    const control = Buffer.alloc(26);
    for (let at = 8; ; ) {
      if ((await file.read(head, 0, 8, at)).bytesRead < 8) return delays;
      const [length, name] = [head.readUInt32BE(0), head.toString('latin1', 4)];
      if (name === 'fcTL' && length === 26 && (await file.read(control, 0, 26, at + 8)).bytesRead === 26) {
        delays.push((1000 * control.readUInt16BE(20)) / (control.readUInt16BE(22) || 100));
      }
      if (name === 'IEND') return delays;
      at += 12 + length;
    }
  } finally {
    await file.close();
  }
}

/** The delays of a file with this container (ffmpeg's name) in milliseconds; undefined if it is not an animation. */
export async function animationDelays(path: string, container: string): Promise<number[] | undefined> {
  const delays = container === 'gif' ? await storedDelays(path) : container === 'apng' ? await apngDelays(path) : [];
  return delays && delays.length > 0 ? delays : undefined;
}
