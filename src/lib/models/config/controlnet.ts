// Reads a ControlNet's `config.json` as diffusers writes it: the UNet's settings, and those of the condition.

import { z } from 'zod';
import type { UNetConfig } from './config.js';
import { count, counts, only } from './fields.js';
import { parseJson } from './json-file.js';
import { unetConfig } from './unet.js';

/** A ControlNet: the UNet that it copies, and how it reads conditions. */
export interface ControlNetConfig {
  /** Settings of the down blocks and the middle block; those of the up blocks are not used. */
  readonly unet: UNetConfig;
  /** Channels of a condition: 3. */
  readonly conditionChannels: number;
  /** Channel order of its training; conditions are always passed as RGB. */
  readonly channelOrder: 'rgb' | 'bgr';
  /** Widths of the convolutions that read the condition, each after the first at half the size. */
  readonly embeddingChannels: readonly number[];
}

/** The settings of the published ControlNets. */
export const EMBEDDING_CHANNELS: readonly number[] = [16, 32, 96, 256];

const schema = z.looseObject({
  _class_name: only('ControlNetModel'),
  conditioning_channels: count.default(3),
  controlnet_conditioning_channel_order: z
    .enum(['rgb', 'bgr'], { error: () => 'expected "rgb" or "bgr"' })
    .default('rgb'),
  conditioning_embedding_out_channels: counts.default([...EMBEDDING_CHANNELS]),
  global_pool_conditions: only(false),
});

/**
 * Reads a ControlNet's `config.json`; `where` is its path, for errors.
 *
 * @throws UsageError naming file, key and value of what is not supported or does not fit together
 */
export function controlNetConfig(json: unknown, where: string): ControlNetConfig {
  const c = parseJson(json, schema, where);
  const { _class_name, ...rest } = json as Record<string, unknown>;
  const down = rest.down_block_types;
  // The class has no up blocks; a UNet's configuration mirrors the down blocks.
  const up = Array.isArray(down) ? down.map((name) => String(name).replace('Down', 'Up')).reverse() : undefined;
  return {
    unet: unetConfig({ ...rest, ...(up && { up_block_types: up }) }, where),
    conditionChannels: c.conditioning_channels,
    channelOrder: c.controlnet_conditioning_channel_order,
    embeddingChannels: c.conditioning_embedding_out_channels,
  };
}
