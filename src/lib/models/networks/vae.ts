// The autoencoder between pictures and latents (Rombach et al. 2022), weight names as in diffusers' AutoencoderKL.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { VaeConfig } from '../config/config.js';
import { conv, fromTokens, groupNorm, linear, residualBlock, toTokens } from './layers.js';
import type { Scope } from './scope.js';
import { tinyDecoder, tinyEncoder } from './tiny-vae.js';
import { upsampleConv } from './upsample.js';

const NORM_EPSILON = 1e-6;
/** Limits of the posterior's log variance, as in diffusers' DiagonalGaussianDistribution. */
const LOGVAR_RANGE = [-30, 20] as const;

/**
 * Posterior of pictures [B, 3, H, W] in [-1, 1]: mean and log variance [B, C, h, w], unscaled. That of a tiny autoencoder,
 * which has a latent for each picture, has the least variance.
 */
export function vaeEncoder(root: Scope, config: VaeConfig, image: Node): { mean: Node; logvar: Node } {
  if (config.tiny) {
    const mean = tinyEncoder(root, config.tiny, config.latentChannels, image);
    return { mean, logvar: g.add(g.multiply(mean, g.scalar(0)), g.scalar(LOGVAR_RANGE[0])) };
  }
  const { blockOutChannels, layersPerBlock, latentChannels } = config;
  const last = blockOutChannels.length - 1;
  const scope = root.at('encoder');
  let h = conv(scope.at('conv_in'), image, blockOutChannels[0], { kernel: 3, padding: 1 });
  blockOutChannels.forEach((outputs, level) => {
    const block = scope.at('down_blocks', level);
    for (let layer = 0; layer < layersPerBlock; layer++) h = residual(block.at('resnets', layer), config, h, outputs);
    if (level < last) {
      h = conv(block.at('downsamplers', 0, 'conv'), h, outputs, { kernel: 3, stride: 2, padding: [0, 0, 1, 1] });
    }
  });
  h = middleBlock(scope.at('mid_block'), config, h);
  h = g.swish(groupNorm(scope.at('conv_norm_out'), h, config.normGroups, NORM_EPSILON));
  h = conv(scope.at('conv_out'), h, 2 * latentChannels, { kernel: 3, padding: 1 });
  const moments = conv(root.at('quant_conv'), h, 2 * latentChannels, { kernel: 1 });
  const [batch, both, height, width] = moments.shape;
  const mean = g.slice(moments, [0, 0, 0, 0], [batch, latentChannels, height, width]);
  const raw = g.slice(moments, [0, latentChannels, 0, 0], [batch, both, height, width]);
  const [low, high] = LOGVAR_RANGE;
  const logvar = g.negate(g.maximum(g.negate(g.maximum(raw, g.scalar(low))), g.scalar(-high)));
  return { mean, logvar };
}

/** Pictures [B, 3, H, W] in about [-1, 1] of unscaled latents [B, C, h, w]. */
export function vaeDecoder(root: Scope, config: VaeConfig, latent: Node): Node {
  if (config.tiny) return tinyDecoder(root, config.tiny, config.outChannels, latent);
  const { blockOutChannels, layersPerBlock } = config;
  const last = blockOutChannels.length - 1;
  const scope = root.at('decoder');
  let h = conv(root.at('post_quant_conv'), latent, config.latentChannels, { kernel: 1 });
  h = conv(scope.at('conv_in'), h, blockOutChannels[last], { kernel: 3, padding: 1 });
  h = middleBlock(scope.at('mid_block'), config, h);
  for (let up = 0; up <= last; up++) {
    const outputs = blockOutChannels[last - up];
    const block = scope.at('up_blocks', up);
    for (let layer = 0; layer <= layersPerBlock; layer++) h = residual(block.at('resnets', layer), config, h, outputs);
    if (up === last) continue;
    const [, , height, width] = h.shape;
    h = upsampleConv(block.at('upsamplers', 0, 'conv'), h, { height: 2 * height, width: 2 * width });
  }
  h = g.swish(groupNorm(scope.at('conv_norm_out'), h, config.normGroups, NORM_EPSILON));
  return conv(scope.at('conv_out'), h, config.outChannels, { kernel: 3, padding: 1 });
}

function residual(scope: Scope, config: VaeConfig, x: Node, outputs: number): Node {
  return residualBlock(scope, x, { outputs, groups: config.normGroups, epsilon: NORM_EPSILON });
}

function middleBlock(scope: Scope, config: VaeConfig, x: Node): Node {
  const channels = x.shape[1];
  const before = residual(scope.at('resnets', 0), config, x, channels);
  const attended = config.midBlockAttention ? attention(scope.at('attentions', 0), config, before) : before;
  return residual(scope.at('resnets', 1), config, attended, channels);
}

/** Self-attention over all cells with one head. */
function attention(scope: Scope, config: VaeConfig, x: Node): Node {
  const [, channels, height, width] = x.shape;
  const tokens = toTokens(groupNorm(scope.at('group_norm'), x, config.normGroups, NORM_EPSILON));
  const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((name) => linear(scope.at(name), tokens, channels));
  const attended = linear(scope.at('to_out', 0), g.attention(q, k, v, 1), channels);
  return g.add(fromTokens(attended, height, width), x);
}
