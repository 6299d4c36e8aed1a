// What a video is called where files are named after it.

import { basename, extname } from 'node:path';

/** The name of a video's file without folder and extension, fit for a folder's name. */
export function shotName(video: string): string {
  return basename(video, extname(video)).replace(/[^\w.-]+/g, '-') || 'video';
}
