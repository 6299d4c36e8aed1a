// The name of a video in file names.

import { basename, extname } from 'node:path';

/** The name of a video's file without folder and extension, valid as a folder's name. */
export function shotName(video: string): string {
  return basename(video, extname(video)).replace(/[^\w.-]+/g, '-') || 'video';
}
