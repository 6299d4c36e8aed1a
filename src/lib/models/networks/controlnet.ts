// ControlNet (Zhang et al. 2023): a copy of the UNet's down blocks that reads a conditioning picture (edges, depth, ...) and
// adds its outputs to the UNet's skip connections. Weight names as in diffusers' ControlNetModel.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { ControlNetConfig } from '../config/controlnet.js';
import { conv } from './layers.js';
import type { Scope } from './scope.js';
import { downHalf, type Residuals, type UNetNodes, unetLayers } from './unet.js';

/**
 * Residuals for the UNet's skip connections and middle.
 *
 * @param inputs the same as the UNet's
 * @param condition [B, 3, H, W] in [0, 1]; its sides are the sample's times `conditionFactor(config)`
 */
export function controlNet(scope: Scope, config: ControlNetConfig, inputs: UNetNodes, condition: Node): Residuals {
  const { unet } = config;
  const [channels] = unet.blockOutChannels;
  const layers = unetLayers(scope, unet, inputs);
  const seen = conditionEmbedding(scope.at('controlnet_cond_embedding'), config, condition);
  const h = g.add(conv(scope.at('conv_in'), inputs.sample, channels, { kernel: 3, padding: 1 }), seen);
  const { skips, middle } = downHalf(scope, unet, layers, h);
  // 1x1 convolutions initialised with zeros, so that an untrained ControlNet changes nothing.
  const zero = (at: Scope, x: Node): Node => conv(at, x, x.shape[1], { kernel: 1 });
  return {
    skips: skips.map((skip, i) => zero(scope.at('controlnet_down_blocks', i), skip)),
    middle: zero(scope.at('controlnet_mid_block'), middle),
  };
}

/** Pixels of a conditioning picture along one latent cell. */
export function conditionFactor({ embeddingChannels }: ControlNetConfig): number {
  return 2 ** (embeddingChannels.length - 1);
}

/** Convolutions that bring the condition [B, 3, H, W] to the latent's size and the UNet's first width. */
function conditionEmbedding(scope: Scope, { embeddingChannels, unet }: ControlNetConfig, condition: Node): Node {
  let h = g.swish(conv(scope.at('conv_in'), condition, embeddingChannels[0], { kernel: 3, padding: 1 }));
  embeddingChannels.slice(1).forEach((outputs, i) => {
    h = g.swish(conv(scope.at('blocks', 2 * i), h, embeddingChannels[i], { kernel: 3, padding: 1 }));
    h = g.swish(conv(scope.at('blocks', 2 * i + 1), h, outputs, { kernel: 3, stride: 2, padding: 1 }));
  });
  return conv(scope.at('conv_out'), h, unet.blockOutChannels[0], { kernel: 3, padding: 1 });
}
