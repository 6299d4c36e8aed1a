// ControlNet (Zhang et al. 2023): a copy of the UNet's way down that sees a picture of conditions (edges, depth, ...), and adds
// what it finds to the UNet's skip connections. Weight names as in diffusers' ControlNetModel.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { ControlNetConfig } from '../config/controlnet.js';
import { conv } from './layers.js';
import type { Scope } from './scope.js';
import { downHalf, type Residuals, unetLayers } from './unet.js';

/**
 * What the UNet's skip connections and middle get for `sample` [B, C, h, w] at `timesteps` [B] given `context` [B, T, D] and
 * `condition` [B, 3, H, W] in [0, 1], whose sides are those of the sample times `conditionFactor(config)`.
 */
export function controlNet(
  scope: Scope,
  config: ControlNetConfig,
  sample: Node,
  timesteps: Node,
  context: Node,
  condition: Node,
): Residuals {
  const { unet } = config;
  const [channels] = unet.blockOutChannels;
  const layers = unetLayers(scope, unet, timesteps, context);
  const seen = conditionEmbedding(scope.at('controlnet_cond_embedding'), config, condition);
  const h = g.add(conv(scope.at('conv_in'), sample, channels, 3, { padding: 1 }), seen);
  const { skips, middle } = downHalf(scope, unet, layers, h);
  // 1x1 convolutions that start at zero, so that an untrained ControlNet changes nothing.
  const zero = (at: Scope, x: Node): Node => conv(at, x, x.shape[1], 1);
  return {
    skips: skips.map((skip, i) => zero(scope.at('controlnet_down_blocks', i), skip)),
    middle: zero(scope.at('controlnet_mid_block'), middle),
  };
}

/** Pixels of a condition along one latent cell. */
export function conditionFactor({ embeddingChannels }: ControlNetConfig): number {
  return 2 ** (embeddingChannels.length - 1);
}

/** Convolutions that bring the condition [B, 3, H, W] to the latent's size and the UNet's first width. */
function conditionEmbedding(scope: Scope, { embeddingChannels, unet }: ControlNetConfig, condition: Node): Node {
  let h = g.swish(conv(scope.at('conv_in'), condition, embeddingChannels[0], 3, { padding: 1 }));
  embeddingChannels.slice(1).forEach((outputs, i) => {
    h = g.swish(conv(scope.at('blocks', 2 * i), h, embeddingChannels[i], 3, { padding: 1 }));
    h = g.swish(conv(scope.at('blocks', 2 * i + 1), h, outputs, 3, { stride: 2, padding: 1 }));
  });
  return conv(scope.at('conv_out'), h, unet.blockOutChannels[0], 3, { padding: 1 });
}
