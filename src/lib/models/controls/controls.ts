// The ControlNets of a model: which, how strongly, and during which part of a rendering.

import { existsSync } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { type CONTROL_KINDS, MAP_CONDITIONS } from '../../settings/table.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { findControl } from '../hub/find-model.js';
import { type OpenedControl, openControl } from './control-source.js';

/** The largest weight of a control. */
const MOST_WEIGHT = 10;

/**
 * A ControlNet, its weight, and the part of a rendering's steps in which it acts.
 *
 * @inline
 */
export interface ControlRequest {
  /** A diffusers folder, or a `.safetensors` file in either layout. */
  path: string;
  /** What it sees of the frames, where conditions are made from them. */
  kind?: (typeof CONTROL_KINDS)[number];
  /** Factor of what it adds; 1 by default. */
  scale?: number;
  /** Share of the steps before which it is off, in [0, 1); 0 by default. */
  start?: number;
  /** Share of the steps after which it is off, in (0, 1]; 1 by default. */
  end?: number;
  /** A video or a folder with what it sees of each frame, such as depth: shown in place of what `kind` makes of the frame. */
  map?: string;
}

/**
 * A ControlNet of an open model.
 *
 * @inline
 */
export interface Control extends Required<Omit<ControlRequest, 'kind' | 'map'>>, Pick<ControlRequest, 'kind' | 'map'> {
  /**
   * The opened files.
   *
   * @hidden
   */
  readonly opened: OpenedControl;
}

/**
 * Opens ControlNets for a checkpoint.
 *
 * @throws UsageError for a weight or a share out of its bounds, or a path that is no ControlNet for the checkpoint
 */
export async function openControls(requests: readonly ControlRequest[], checkpoint: Checkpoint): Promise<Control[]> {
  const { unet, vae, options } = checkpoint;
  const place = { unet: unet.config, vaeFactor: 2 ** (vae.config.blockOutChannels.length - 1) };
  const controls: Control[] = [];
  for (const request of requests) {
    const { path: name, kind, scale = 1, start = 0, end = 1, map } = request;
    if (!(scale >= 0 && scale <= MOST_WEIGHT)) {
      throw new UsageError(
        `${name}: the control's weight is ${scale}, expected a number from 0 to ${MOST_WEIGHT}; 0.5 to 1 is usual`,
      );
    }
    if (!(start >= 0 && start < end && end <= 1)) {
      throw new UsageError(
        `${name}: the control acts from ${start} to ${end}, expected shares with 0 <= start < end <= 1`,
      );
    }
    checkMap(request);
    const path = findControl(name);
    controls.push({
      path,
      ...given({ kind, map }),
      scale,
      start,
      end,
      opened: await openControl(path, place, options.variant),
    });
  }
  return controls;
}

/** Refuses a map that is not there, and a condition that needs one or cannot have one. */
function checkMap({ path, kind, map }: ControlRequest): void {
  if (map === undefined) {
    if (!MAP_CONDITIONS.some((each) => each === kind)) return;
    throw new UsageError(
      `${path}: ${kind} is made by a network of its own; give what it made of the video as the control's map, a video or a folder of pictures`,
    );
  }
  if (kind === 'previous') {
    throw new UsageError(`${path}: the condition previous is what was rendered before; leave out its map`);
  }
  if (!existsSync(map)) {
    throw new UsageError(
      `${map}: there is no such file or folder; the map of a control is a video or a folder of pictures`,
    );
  }
}

/** The request for a control. */
export function requestOf({ opened: _, ...request }: Control): ControlRequest {
  return request;
}

/** Whether a control acts in step `index` of `steps`, as diffusers decides it. */
export function actsIn({ start, end }: Pick<Control, 'start' | 'end'>, index: number, steps: number): boolean {
  return index / steps >= start && (index + 1) / steps <= end;
}
