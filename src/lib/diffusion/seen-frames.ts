// What the controls of a model can see of the frames of a video: the frame itself, and the pictures of their maps.

import { UsageError } from '../base/errors.js';
import { conditionOf, isFrameCondition } from '../conditions/condition.js';
import type { Control } from '../models/controls/controls.js';
import type { Frame } from '../tensor/frame.js';
import { lockstep } from '../video/read/lockstep.js';
import { openMap } from '../video/read/open-map.js';
import { type OpenVideoOptions, openVideo } from '../video/read/open-video.js';
import type { Video, VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';

import { type MaskSettings, masksOf } from './mask.js';

/** What controls can see of one frame. */
export interface SeenFrame {
  readonly frame: Frame;
  /** The pictures of maps by the maps' paths; absent without maps. */
  readonly maps?: ReadonlyMap<string, Frame>;
  /** The previous rendered frame, moved onto this one; absent where there is none. */
  readonly previous?: Frame;
}

/** The maps of controls, each once. */
export function mapsOf({ controls }: { readonly controls: readonly Pick<Control, 'map'>[] }): string[] {
  return [...new Set(controls.flatMap(({ map }) => map ?? []))];
}

/** The files that show something of each frame: maps of controls, and masks, of which a still is one for all frames. */
export interface ShownFiles {
  readonly maps: readonly string[];
  readonly masks: readonly string[];
}

/** The maps of a model's controls, and the masks of settings. */
export function shownFiles(
  controlled: { readonly controls: readonly Pick<Control, 'map'>[] },
  settings: MaskSettings = {},
): ShownFiles {
  return { maps: mapsOf(controlled), masks: masksOf(settings) };
}

/** The frames of a video, each with the pictures of the maps and masks. */
export async function* seenFrames(
  shown: ShownFiles,
  input: VideoInput,
  hooks: Pick<OpenVideoOptions, 'signal' | 'onWarning'> = {},
): AsyncGenerator<SeenFrame, void, undefined> {
  const paths = [...new Set([...shown.maps, ...shown.masks])];
  if (paths.length === 0) {
    for await (const frame of framesOf(input, hooks)) yield { frame };
    return;
  }
  const video = await openVideo(input, { exact: true, ...hooks });
  const maps = await openMaps(shown, video, hooks);
  const videos = [video, ...maps.values()].map((each) => ({ name: each.path, frames: each.frames() }));
  for await (const [frame, ...pictures] of lockstep(videos)) {
    yield { frame, maps: new Map(paths.map((path, i) => [path, pictures[i]])) };
  }
}

/** The maps and masks beside a video; see `openMap`. */
export async function openMaps(
  { maps: paths, masks }: ShownFiles,
  video: Video,
  hooks: Pick<OpenVideoOptions, 'signal' | 'onWarning'> = {},
): Promise<Map<string, Pick<Video, 'path' | 'frames'>>> {
  const maps = new Map<string, Pick<Video, 'path' | 'frames'>>();
  for (const path of paths) maps.set(path, await openMap(path, video, hooks));
  for (const path of masks) maps.set(path, await openMap(path, video, { ...hooks, stillForAll: true }));
  return maps;
}

/**
 * What a control sees of a frame.
 *
 * @throws UsageError for a control whose kind of condition was not given
 */
export function seenBy({ kind, path, map }: Control, { frame, maps, previous }: SeenFrame): Frame {
  if (map !== undefined) return maps!.get(map)!;
  if (kind === 'previous') return previous ?? frame;
  if (kind !== undefined && isFrameCondition(kind)) return conditionOf(kind, frame);
  throw new UsageError(
    `${path}: this control has no kind, so that it is not known what it sees of the frames; give one, such as canny`,
  );
}
