// The weights whose shapes show the sizes in configurations, so that these are checked against a checkpoint's tensors before
// anything is built: a file with a wrong number of layers is refused at once.

import type { Part } from '../checkpoint/weight-table.js';
import type { TextConfig, TinyVaeConfig, UNetConfig, VaeConfig } from './config.js';

/** The configurations of the networks. */
export interface NetworkConfigs {
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
  readonly text: TextConfig;
}

/** A weight that a configuration requires, by part, name and shape. */
export type TellingWeight = readonly [part: Part, name: string, shape: readonly number[]];

/** Weights that together show every size of the configurations: each width, and the last layer of each kind. */
export function* tellingWeights({ unet, vae, text }: NetworkConfigs): Generator<TellingWeight> {
  yield* tellingUnet(unet);
  yield* tellingVae(vae);
  yield ['text', 'embeddings.token_embedding.weight', [text.vocabSize, text.hiddenSize]];
  yield ['text', 'embeddings.position_embedding.weight', [text.maxPositions, text.hiddenSize]];
  const last = `encoder.layers.${text.layers - 1}.mlp.fc1.weight`;
  yield ['text', last, [text.intermediateSize, text.hiddenSize]];
}

function* tellingUnet(unet: UNetConfig): Generator<TellingWeight> {
  const { blockOutChannels: widths, layersPerBlock, downBlocks, linearProjection } = unet;
  yield ['unet', 'conv_in.weight', [widths[0], unet.inChannels, 3, 3]];
  yield ['unet', 'conv_out.weight', [unet.outChannels, widths[0], 3, 3]];
  for (const [level, width] of widths.entries()) {
    const before = widths[Math.max(0, level - 1)];
    yield ['unet', `down_blocks.${level}.resnets.0.conv1.weight`, [width, before, 3, 3]];
    const last = `down_blocks.${level}.resnets.${layersPerBlock - 1}.conv2.weight`;
    yield ['unet', last, [width, width, 3, 3]];
    if (downBlocks[level] !== 'cross') continue;
    const at = `down_blocks.${level}.attentions.0`;
    yield ['unet', `${at}.proj_in.weight`, linearProjection ? [width, width] : [width, width, 1, 1]];
    const keys = `${at}.transformer_blocks.0.attn2.to_k.weight`;
    yield ['unet', keys, [width, unet.crossAttentionDim]];
  }
}

/** The weights of the autoencoder only. */
export function* tellingVae(vae: VaeConfig): Generator<TellingWeight> {
  if (vae.tiny) yield* tellingTiny(vae.tiny, vae);
  else yield* tellingFull(vae);
}

/** The last layers, whose numbers count all before. */
function* tellingTiny({ encoder, decoder }: TinyVaeConfig, vae: VaeConfig): Generator<TellingWeight> {
  const blocks = (levels: TinyVaeConfig['encoder']): number => levels.reduce((sum, level) => sum + level.blocks, 0);
  const [first] = encoder;
  const lastEncoded = encoder.length + blocks(encoder);
  const lastDecoded = 2 * decoder.length + blocks(decoder);
  yield ['vae', 'encoder.layers.0.weight', [first.channels, vae.inChannels, 3, 3]];
  const encoded = [vae.latentChannels, encoder[encoder.length - 1].channels, 3, 3];
  yield ['vae', `encoder.layers.${lastEncoded}.weight`, encoded];
  yield ['vae', `decoder.layers.${lastDecoded}.weight`, [vae.outChannels, decoder[decoder.length - 1].channels, 3, 3]];
}

function* tellingFull(vae: VaeConfig): Generator<TellingWeight> {
  const { blockOutChannels: widths, latentChannels, layersPerBlock } = vae;
  yield ['vae', 'encoder.conv_in.weight', [widths[0], vae.inChannels, 3, 3]];
  yield ['vae', 'decoder.conv_out.weight', [vae.outChannels, widths[0], 3, 3]];
  yield ['vae', 'quant_conv.weight', [2 * latentChannels, 2 * latentChannels, 1, 1]];
  for (const [level, width] of widths.entries()) {
    const before = widths[Math.max(0, level - 1)];
    yield ['vae', `encoder.down_blocks.${level}.resnets.0.conv1.weight`, [width, before, 3, 3]];
    const last = `encoder.down_blocks.${level}.resnets.${layersPerBlock - 1}.conv2.weight`;
    yield ['vae', last, [width, width, 3, 3]];
  }
}
