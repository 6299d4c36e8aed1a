// The tiny autoencoder (Bohan 2023, TAESD: Tiny AutoEncoder for Stable Diffusion), weight names as in diffusers'
// AutoencoderTiny: a stack of residual blocks without norms and attention, at a tenth of the full autoencoder's work. Its
// latents are those that are denoised, without a scale.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { TinyVaeConfig } from '../config/config.js';
import { conv, relu } from './layers.js';
import type { Scope } from './scope.js';
import { upsampleConv } from './upsample.js';

/** The decoder's inputs are bounded softly to this magnitude. */
const LATENT_BOUND = 3;

/** Latents [B, C, h, w] of pictures [B, 3, H, W] in [-1, 1]. */
export function tinyEncoder(root: Scope, config: TinyVaeConfig, latentChannels: number, image: Node): Node {
  const next = counted(root.at('encoder', 'layers'));
  let h = g.multiply(g.add(image, g.scalar(1)), g.scalar(0.5));
  config.encoder.forEach(({ channels, blocks }, level) => {
    h = conv(next(), h, channels, { kernel: 3, padding: 1, ...(level > 0 && { stride: 2, bias: false }) });
    for (let block = 0; block < blocks; block++) h = residual(next(), h, channels);
  });
  return conv(next(), h, latentChannels, { kernel: 3, padding: 1 });
}

/** Pictures [B, 3, H, W] in about [-1, 1] of latents [B, C, h, w]. */
export function tinyDecoder(root: Scope, config: TinyVaeConfig, outChannels: number, latent: Node): Node {
  const next = counted(root.at('decoder', 'layers'));
  const last = config.decoder.length - 1;
  let h = g.multiply(g.tanh(g.multiply(latent, g.scalar(1 / LATENT_BOUND))), g.scalar(LATENT_BOUND));
  h = relu(conv(next(), h, config.decoder[0].channels, { kernel: 3, padding: 1 }));
  next();
  config.decoder.forEach(({ channels, blocks }, level) => {
    for (let block = 0; block < blocks; block++) h = residual(next(), h, channels);
    if (level === last) {
      h = conv(next(), h, outChannels, { kernel: 3, padding: 1 });
      return;
    }
    next();
    h = upsampleConv(next(), h, { height: 2 * h.shape[2], width: 2 * h.shape[3], bias: false });
  });
  return g.subtract(g.multiply(h, g.scalar(2)), g.scalar(1));
}

/** The layers of a sequence in order; activations and upsamplings have numbers too. */
function counted(layers: Scope): () => Scope {
  let index = 0;
  return () => layers.at(index++);
}

function residual(scope: Scope, x: Node, channels: number): Node {
  let h = x;
  for (const layer of [0, 2, 4]) {
    h = conv(scope.at('conv', layer), h, channels, { kernel: 3, padding: 1 });
    if (layer < 4) h = relu(h);
  }
  const skipped = x.shape[1] === channels ? x : conv(scope.at('skip'), x, channels, { kernel: 1, bias: false });
  return relu(g.add(h, skipped));
}
