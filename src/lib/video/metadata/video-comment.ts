// What made a video of other videos, without a model, for its metadata.

import { basename } from 'node:path';
import { madeText, madeWith } from '../../base/made-with.js';
import { withDefaults } from '../../settings/defaults.js';
import type { OptionsOf } from '../../settings/setting.js';
import { OUTPUT } from '../../settings/table.js';
import { pathOf, type RepeatableVideo } from '../read/video.js';
import { hashVideo } from '../read/video-input.js';

/** The name of a video in settings that travel. */
export function videoName(video: RepeatableVideo): string {
  return basename(pathOf(video));
}

/** The text for the metadata; undefined where it is to have none. */
export async function videoComment(
  command: string,
  {
    videos,
    settings,
  }: { readonly videos: readonly RepeatableVideo[]; readonly settings: Readonly<Record<string, unknown>> },
  options: OptionsOf<typeof OUTPUT>,
): Promise<string | undefined> {
  if (!withDefaults(OUTPUT, options).metadata) return undefined;
  const inputs = videos.map(async (video) => ({
    kind: 'video' as const,
    name: videoName(video),
    sha256: await hashVideo(video),
  }));
  return madeText(madeWith({ command, settings, inputs: await Promise.all(inputs) }));
}
