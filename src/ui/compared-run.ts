// A run of a comparison, and a video of it.

import type { VideoShape } from '../lib/video/read/video-shape.js';
import type { RunFile } from './run-media.js';
import type { PlacedRun } from './run-source.js';

/** A run of a comparison. */
export interface ComparedRun extends PlacedRun {
  /** Unique among the compared runs. */
  readonly label: string;
  readonly files: readonly RunFile[];
}

/** A video that can be played. */
export interface ComparedVideo {
  /** The run's place, followed by the file's name where a run has several videos. */
  readonly name: string;
  readonly label: string;
  readonly note?: string | undefined;
  readonly place: string;
  readonly file: RunFile & { readonly url: string };
  readonly shape: VideoShape;
  /** The rows and columns of a grid whose first cell the video is. */
  readonly cell?: { readonly columns: number; readonly rows: number } | undefined;
}

/** The address of the page that compares runs, or shows one. */
export function compareUrl(places: readonly string[]): string {
  return `/compare?${places.map((place) => `run=${encodeURIComponent(place).replaceAll('%2F', '/')}`).join('&')}`;
}
