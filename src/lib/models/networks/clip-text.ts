// CLIP's text encoder (Radford et al. 2021), weight names as in transformers' CLIPTextModel without `text_model.`.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { TextConfig } from '../config/config.js';
import { layerNorm, linear } from './layers.js';
import type { Scope } from './scope.js';

/** CLIP's quick GELU is x sigmoid(1.702 x). */
const QUICK_GELU_BETA = 1.702;
/** Added to the scores of later tokens, so that softmax makes them 0. */
const MASKED = -1e9;

/** Options of encoding a prompt. */
export interface ClipTextOptions {
  /** Number of last layers to skip; 0 by default. */
  readonly skip?: number;
  /** Vectors [B, T, D] in place of tokens where `kept` [B, T, 1] is 0; they are 0 where it is 1. */
  readonly learned?: { readonly vectors: Node; readonly kept: Node };
}

/**
 * Last hidden state [B, T, D], normalised, of token ids [B, T]; each token attends to itself and earlier ones. With `skip`
 * it is the hidden state that many layers before, with the same normalisation.
 */
export function clipText(
  scope: Scope,
  config: TextConfig,
  ids: Node,
  { skip = 0, learned }: ClipTextOptions = {},
): Node {
  const [, tokens] = ids.shape;
  const { hiddenSize, layerNormEps } = config;
  const table = scope.weight('embeddings.token_embedding.weight', [config.vocabSize, hiddenSize]);
  const positions = scope.weight('embeddings.position_embedding.weight', [config.maxPositions, hiddenSize]);
  const rows = g.gatherRows(table, ids);
  const tokensIn = learned ? g.add(g.multiply(rows, learned.kept), learned.vectors) : rows;
  let h = g.add(tokensIn, g.slice(positions, [0, 0], [tokens, hiddenSize]));
  const mask = causalMask(tokens);
  for (let layer = 0; layer < config.layers - skip; layer++) {
    const block = scope.at('encoder', 'layers', layer);
    h = g.add(h, attention(block.at('self_attn'), config, layerNorm(block.at('layer_norm1'), h, layerNormEps), mask));
    const inner = linear(
      block.at('mlp', 'fc1'),
      layerNorm(block.at('layer_norm2'), h, layerNormEps),
      config.intermediateSize,
    );
    const active = config.activation === 'quick_gelu' ? g.swish(inner, QUICK_GELU_BETA) : g.gelu(inner);
    h = g.add(h, linear(block.at('mlp', 'fc2'), active, hiddenSize));
  }
  return layerNorm(scope.at('final_layer_norm'), h, layerNormEps);
}

function attention(scope: Scope, config: TextConfig, x: Node, mask: Node): Node {
  const [batch, tokens, width] = x.shape;
  const each = width / config.heads;
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((name) => {
    const projected = linear(scope.at(name), x, width);
    return g.transpose(g.reshape(projected, [batch, tokens, config.heads, each]), [0, 2, 1, 3]);
  });
  const scores = g.matmul(g.multiply(q, g.scalar(each ** -0.5)), k, { transposeB: true });
  const mixed = g.matmul(g.softmax(g.add(scores, mask)), v);
  return linear(scope.at('out_proj'), g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]), width);
}

function causalMask(tokens: number): Node {
  const data = new Float32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) data.fill(MASKED, i * tokens + i + 1, (i + 1) * tokens);
  return g.constant({ dtype: 'float32', shape: [tokens, tokens], data });
}
