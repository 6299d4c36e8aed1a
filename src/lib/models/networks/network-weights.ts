// The weights that the three networks need, found by building them; nothing is read or computed.

import { ops as g } from '../../graph/ops.js';
import type { Part } from '../checkpoint/weight-table.js';
import type { TextConfig, UNetConfig, VaeConfig } from '../config/config.js';
import type { ControlNetConfig } from '../config/controlnet.js';
import { clipText } from './clip-text.js';
import { conditionFactor, controlNet } from './controlnet.js';
import { createScope, type RootScope } from './scope.js';
import { unet } from './unet.js';
import { vaeDecoder, vaeEncoder } from './vae.js';

/** Shapes of weights by part and name. */
export type WeightShapes = Readonly<Record<Part, ReadonlyMap<string, readonly number[]>>>;

/** Shapes of all weights of networks of these configurations, by their names (the text encoder's without `text_model.`). */
export function networkWeights(configs: { unet: UNetConfig; vae: VaeConfig; text: TextConfig }): WeightShapes {
  const { unet: unetConfig, vae, text } = configs;
  const side = 2 ** Math.max(unetConfig.blockOutChannels.length - 1, vae.blockOutChannels.length - 1);
  return {
    unet: shapesOf((scope) => {
      const sample = g.input('sample', [1, unetConfig.inChannels, side, side]);
      const context = g.input('context', [1, 1, unetConfig.crossAttentionDim]);
      unet(scope, unetConfig, { sample, timesteps: g.input('t', [1]), context, guidance: g.input('w', [1]) });
    }),
    vae: shapesOf((scope) => {
      vaeEncoder(scope, vae, g.input('image', [1, vae.inChannels, side, side]));
      vaeDecoder(scope, vae, g.input('latent', [1, vae.latentChannels, 1, 1]));
    }),
    text: shapesOf((scope) => {
      clipText(scope, text, g.input('ids', [1, 1], 'int32'));
    }),
  };
}

/** Shapes of all weights of a ControlNet, by their names. */
export function controlNetWeights(config: ControlNetConfig): ReadonlyMap<string, readonly number[]> {
  const { inChannels, blockOutChannels, crossAttentionDim } = config.unet;
  const side = 2 ** (blockOutChannels.length - 1);
  const pixels = side * conditionFactor(config);
  return shapesOf((scope) => {
    const sample = g.input('sample', [1, inChannels, side, side]);
    const inputs = { sample, timesteps: g.input('t', [1]), context: g.input('context', [1, 1, crossAttentionDim]) };
    controlNet(scope, config, inputs, g.input('condition', [1, config.conditionChannels, pixels, pixels]));
  });
}

function shapesOf(build: (scope: RootScope) => void): ReadonlyMap<string, readonly number[]> {
  const scope = createScope();
  build(scope);
  return new Map([...scope.weights].map(([name, { shape }]) => [name, shape]));
}
