// The optical-flow network: RAFT's idea (Teed and Deng 2020, RAFT: Recurrent all-pairs field transforms for optical flow) at
// a million weights. Features at a quarter of the side; all pairs of them compared at three scales; a recurrent unit that
// looks around the present estimate and corrects it, several times; the last estimate brought to full size by convex
// combinations.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import { conv, groupNorm, relu } from '../networks/layers.js';
import type { Scope } from '../networks/scope.js';

/** Sizes of the network. */
export interface FlowNetworkConfig {
  /** Channels of the features that are compared. */
  readonly features: number;
  /** Channels of the recurrent state, and as many of context. */
  readonly hidden: number;
  /** Channels that describe the present estimate and what is seen around it. */
  readonly motion: number;
  /** Cells that are looked at around the estimate in each direction, at each scale. */
  readonly radius: number;
  /** Scales of the comparison, each half of the one before. */
  readonly levels: number;
  /** Corrections of the estimate. */
  readonly iterations: number;
}

/** Pixels of a cell's side. */
export const CELL = 4;

/** The network's results. */
export interface FlowGraph {
  /** Estimates in cells after each correction, [B, 2, H / 4, W / 4], dx before dy. */
  readonly estimates: readonly Node[];
  /** The flow in pixels, [B, 2, H, W]. */
  readonly flow: Node;
}

/**
 * The flow from pictures to others, both [B, 3, H, W] in [-1, 1] with sides that are multiples of 16.
 */
export function flowNetwork(
  scope: Scope,
  config: FlowNetworkConfig,
  { from, to }: { readonly from: Node; readonly to: Node },
): FlowGraph {
  const [batch] = from.shape;
  const features = featuresOf(scope, config, g.concat([from, to], 0));
  const [own, other] = [0, 1].map((index) => samples(features, index * batch, (index + 1) * batch));
  return corrections(scope, config, { pictures: from, own, other });
}

/** The flows from the first of two pictures [2, 3, H, W] to the second, and back, whose features are computed once. */
export function flowBothWays(scope: Scope, config: FlowNetworkConfig, pictures: Node): FlowGraph {
  const own = featuresOf(scope, config, pictures);
  const other = g.concat([samples(own, 1, 2), samples(own, 0, 1)], 0);
  return corrections(scope, config, { pictures, own, other });
}

const featuresOf = (scope: Scope, config: FlowNetworkConfig, pictures: Node): Node =>
  normalized(encoder(scope.at('features'), pictures, config.features));

const samples = (x: Node, first: number, end: number): Node => g.slice(x, [first, 0, 0, 0], [end, ...x.shape.slice(1)]);

/** The flow from pictures by their own features and those of the others. */
function corrections(
  scope: Scope,
  config: FlowNetworkConfig,
  { pictures, own, other }: Readonly<Record<'pictures' | 'own' | 'other', Node>>,
): FlowGraph {
  const { hidden, iterations } = config;
  const [batch, , height, width] = own.shape;
  const volumes = comparisons(own, other, config.levels);
  const context = encoder(scope.at('context'), pictures, 2 * hidden);
  const part = (index: number): Node =>
    g.slice(context, [0, index * hidden, 0, 0], [batch, (index + 1) * hidden, height, width]);
  const unit = recurrentUnit(scope.at('update'), config, relu(part(1)));
  let state = g.tanh(part(0));
  let flow = g.constant({
    dtype: 'float32',
    shape: [batch, 2, height, width],
    data: new Float32Array(batch * 2 * height * width),
  });
  const estimates: Node[] = [];
  for (let i = 0; i < iterations; i++) {
    // Each correction is trained by itself: no gradient through the place where it looks.
    flow = g.stopGradient(flow);
    state = unit(state, motionFeatures(scope.at('update'), config, lookUp(volumes, flow, config.radius), flow));
    flow = g.add(flow, flowHead(scope.at('update'), state));
    estimates.push(flow);
  }
  return { estimates, flow: enlarged(scope.at('update'), state, flow) };
}

/** Features at a quarter of the side: x [B, 3, H, W] to [B, outputs, H / 4, W / 4]. */
function encoder(scope: Scope, x: Node, outputs: number): Node {
  let h = conv(scope.at('conv_in'), x, 32, { kernel: 7, stride: 2, padding: 3 });
  h = relu(groupNorm(scope.at('norm_in'), h, 8, 1e-5));
  h = residual(scope.at('block1'), h, 32, 1);
  h = residual(scope.at('block2'), h, 64, 2);
  h = residual(scope.at('block3'), h, 64, 1);
  return conv(scope.at('conv_out'), h, outputs, { kernel: 1 });
}

/**
 * Each channel with mean 0 and deviation 1 over the picture: then even random features match best where they come from,
 * without which training does not begin to compare.
 */
function normalized(x: Node): Node {
  const [batch, channels, height, width] = x.shape;
  return g.reshape(g.standardize(g.reshape(x, [batch, channels, height * width]), 1e-5), x.shape);
}

function residual(scope: Scope, x: Node, outputs: number, stride: number): Node {
  let h = conv(scope.at('first'), x, outputs, { kernel: 3, stride, padding: 1 });
  h = relu(groupNorm(scope.at('norm1'), h, 8, 1e-5));
  h = conv(scope.at('second'), h, outputs, { kernel: 3, padding: 1 });
  h = groupNorm(scope.at('norm2'), h, 8, 1e-5);
  const shortcut = stride === 1 ? x : conv(scope.at('shortcut'), x, outputs, { kernel: 1, stride });
  return relu(g.add(shortcut, h));
}

/**
 * Products of the features of each cell with those of all cells of the other picture, [B h w, h / 2^l, w / 2^l]: the
 * averages of products over cells are the products with averages.
 */
function comparisons(from: Node, to: Node, levels: number): Node[] {
  const [batch, channels, height, width] = from.shape;
  const rows = g.multiply(g.reshape(from, [batch, channels, height * width]), g.scalar(1 / Math.sqrt(channels)));
  let coarser = to;
  return Array.from({ length: levels }, (_, level) => {
    if (level > 0) coarser = halved(coarser);
    const [, , h, w] = coarser.shape;
    const columns = g.reshape(coarser, [batch, channels, h * w]);
    return g.reshape(g.matmul(rows, columns, { transposeA: true }), [batch * height * width, h, w]);
  });
}

/** Means of 2 x 2 cells. */
function halved(x: Node): Node {
  const [batch, channels, height, width] = x.shape;
  const split = g.reshape(x, [batch * channels, height / 2, 2, width / 2, 2]);
  return g.reshape(g.mean(split, [2, 4]), [batch, channels, height / 2, width / 2]);
}

/**
 * The comparisons around the place that each cell is estimated to be at, bilinear, zero outside the picture:
 * [B, levels (2 r + 1)^2, h, w]. Bilinear sampling of a window is a product with hat functions from both sides:
 * sum over y, x of max(0, 1 - |cy + i - y|) V(y, x) max(0, 1 - |cx + j - x|).
 */
function lookUp(volumes: readonly Node[], flow: Node, radius: number): Node {
  const [batch, , height, width] = flow.shape;
  const cells = batch * height * width;
  const side = 2 * radius + 1;
  const place = (axis: number): Node => {
    const data = new Float32Array(height * width);
    for (let i = 0; i < data.length; i++) data[i] = (axis === 0 ? i % width : Math.floor(i / width)) + 0.5;
    const own = g.constant({ dtype: 'float32', shape: [1, 1, height, width], data });
    const moved = g.slice(flow, [0, axis, 0, 0], [batch, axis + 1, height, width]);
    return g.reshape(g.add(moved, own), [cells, 1, 1]);
  };
  const [x, y] = [place(0), place(1)];
  const windows = volumes.map((volume, level) => {
    const [, h, w] = volume.shape;
    const scale = g.scalar(0.5 ** level);
    const rows = hats(g.multiply(y, scale), radius, h);
    const columns = hats(g.multiply(x, scale), radius, w);
    const window = g.matmul(g.matmul(rows, volume), columns, { transposeB: true });
    return g.reshape(window, [batch, height * width, side * side]);
  });
  const all = g.concat(windows, 2);
  return g.reshape(g.transpose(all, [0, 2, 1]), [batch, volumes.length * side * side, height, width]);
}

/** max(0, 1 - |c + i - k|) for i from -r to r and cells k of `length`; c - 1/2 is in cells. [N, 1, 1] to [N, 2 r + 1, length]. */
function hats(centre: Node, radius: number, length: number): Node {
  const side = 2 * radius + 1;
  const offsets = Float32Array.from(
    { length: side * length },
    (_, at) => Math.floor(at / length) - radius - 0.5 - (at % length),
  );
  const grid = g.constant({ dtype: 'float32', shape: [1, side, length], data: offsets });
  return relu(g.subtract(g.scalar(1), g.abs(g.add(centre, grid))));
}

/** What is seen around the estimate, and the estimate: [B, motion, h, w]. */
function motionFeatures(scope: Scope, { motion, hidden }: FlowNetworkConfig, seen: Node, flow: Node): Node {
  const compared = relu(conv(scope.at('compared'), seen, 96, { kernel: 1 }));
  let moved = relu(conv(scope.at('flow1'), flow, 32, { kernel: 7, padding: 3 }));
  moved = relu(conv(scope.at('flow2'), moved, hidden / 2, { kernel: 3, padding: 1 }));
  const both = g.concat([compared, moved], 1);
  return g.concat([relu(conv(scope.at('motion'), both, motion - 2, { kernel: 3, padding: 1 })), flow], 1);
}

/**
 * A convolutional GRU (Cho et al. 2014). What the context contributes does not change from one correction to the next, so
 * that it is computed once.
 */
function recurrentUnit(
  scope: Scope,
  { hidden }: FlowNetworkConfig,
  context: Node,
): (state: Node, motion: Node) => Node {
  const [batch, , height, width] = context.shape;
  const three = { kernel: 3, padding: 1 };
  const fixed = conv(scope.at('context'), context, 3 * hidden, three);
  const gate = (of: Node, index: number): Node =>
    g.slice(of, [0, index * hidden, 0, 0], [batch, (index + 1) * hidden, height, width]);
  return (state, motion) => {
    const gates = conv(scope.at('gates'), g.concat([state, motion], 1), 2 * hidden, three);
    const update = g.sigmoid(g.add(gate(gates, 0), gate(fixed, 0)));
    const reset = g.sigmoid(g.add(gate(gates, 1), gate(fixed, 1)));
    const inputs = g.concat([g.multiply(reset, state), motion], 1);
    const candidate = g.tanh(g.add(conv(scope.at('candidate'), inputs, hidden, three), gate(fixed, 2)));
    return g.add(state, g.multiply(update, g.subtract(candidate, state)));
  };
}

/** The correction in cells: [B, 2, h, w]. */
function flowHead(scope: Scope, state: Node): Node {
  const h = relu(conv(scope.at('head1'), state, 96, { kernel: 3, padding: 1 }));
  return conv(scope.at('head2'), h, 2, { kernel: 3, padding: 1 });
}

/** The flow in pixels at full size: each is a convex combination of the 3 x 3 estimates around its cell, [B, 2, H, W]. */
function enlarged(scope: Scope, state: Node, flow: Node): Node {
  const [batch, , height, width] = flow.shape;
  const cells = height * width;
  const taps = CELL * CELL;
  const h = relu(conv(scope.at('mask1'), state, 96, { kernel: 3, padding: 1 }));
  const mask = g.reshape(conv(scope.at('mask2'), h, 9 * taps, { kernel: 1 }), [batch, taps, 9, cells]);
  const weights = g.softmax(g.transpose(mask, [0, 3, 1, 2]));
  const bordered = withBorder(flow);
  const around = Array.from({ length: 9 }, (_, k) => {
    const [i, j] = [Math.floor(k / 3), k % 3];
    const moved = g.slice(bordered, [0, 0, i, j], [batch, 2, i + height, j + width]);
    return g.reshape(moved, [batch, 2, 1, cells]);
  });
  const neighbours = g.transpose(g.multiply(g.concat(around, 2), g.scalar(CELL)), [0, 3, 2, 1]);
  const pixels = g.reshape(g.matmul(weights, neighbours), [batch, height, width, CELL, CELL, 2]);
  return g.reshape(g.transpose(pixels, [0, 5, 1, 3, 2, 4]), [batch, 2, CELL * height, CELL * width]);
}

/** A picture with its border cells repeated once around it. */
function withBorder(x: Node): Node {
  let bordered = x;
  for (const axis of [2, 3]) {
    const sides = bordered.shape;
    const first = g.slice(
      bordered,
      [0, 0, 0, 0],
      sides.map((side, i) => (i === axis ? 1 : side)),
    );
    const last = g.slice(
      bordered,
      sides.map((side, i) => (i === axis ? side - 1 : 0)),
      sides,
    );
    bordered = g.concat([first, bordered, last], axis);
  }
  return bordered;
}
