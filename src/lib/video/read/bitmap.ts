// Windows bitmaps, which sharp does not support: the header is read here, pixels are decoded by ffmpeg.

import { open } from 'node:fs/promises';
import { UsageError } from '../../base/errors.js';
import { warnOnStderr } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import { planGeometry } from '../geometry.js';
import { isBmp } from '../probe/kind-of.js';
import { type ProbeOptions, probeVideo } from '../probe/probe.js';
import { decodeFile } from './video-file.js';

/** The sides of the bitmap at `path`, or undefined if it is not one. */
export async function bitmapSize(path: string): Promise<{ width: number; height: number } | undefined> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(26);
    const { bytesRead } = await file.read(head, 0, 26, 0);
    if (bytesRead < 26 || !isBmp(head)) return undefined;
    const isOld = head.readUInt32LE(14) === 12;
    // A negative height means that rows are stored from the top.
    return isOld
      ? { width: head.readUInt16LE(18), height: head.readUInt16LE(20) }
      : { width: Math.abs(head.readInt32LE(18)), height: Math.abs(head.readInt32LE(22)) };
  } finally {
    await file.close();
  }
}

/**
 * Decodes a bitmap.
 *
 * @throws UsageError when ffmpeg cannot read it
 */
export async function decodeBitmap(path: string, options: ProbeOptions): Promise<Frame> {
  const probe = { ...(await probeVideo(path, options)), pixelAspect: 1 }; // the stored aspect is that of the printer
  const geometry = planGeometry({ name: path, ...probe }, { exact: true });
  for await (const frame of decodeFile({ path, probe, geometry, frames: 1, onWarning: warnOnStderr, ...options }))
    return frame;
  throw new UsageError(`'${path}' is not a picture that can be read; give a whole bitmap`);
}
