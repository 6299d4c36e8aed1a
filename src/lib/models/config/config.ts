// The shapes of the models as data. unet.ts and components.ts read them from a checkpoint's files.

/**
 * A level of the UNet: residual blocks with transformers (`cross`) or without (`plain`).
 *
 * @inline
 */
export type BlockKind = 'cross' | 'plain';

/**
 * The conditional UNet. Lists have one value per level, the highest resolution first; `upBlocks` starts with the lowest.
 *
 * @inline
 */
export interface UNetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly downBlocks: readonly BlockKind[];
  readonly upBlocks: readonly BlockKind[];
  /** Width of the text encoder's hidden states. */
  readonly crossAttentionDim: number;
  /** Attention heads of each level: a count, though diffusers calls it `attention_head_dim`. */
  readonly heads: readonly number[];
  readonly normGroups: number;
  readonly normEps: number;
  /** Transformers project in and out by a linear layer (2.x) and not by a 1x1 convolution (1.x). */
  readonly linearProjection: boolean;
  /** Side of the latents it was trained on, in latent cells. */
  readonly sampleSize: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  /**
   * Width of the embedding of the guidance scale, for networks distilled to take it as an input (Meng et al. 2023; Luo et al.
   * 2023, LCM); absent for all others. diffusers calls it `time_cond_proj_dim`.
   */
  readonly guidanceDim?: number;
  /** The JSON it was read from. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * The variational autoencoder; lists have one value a level, the highest resolution first.
 *
 * @inline
 */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly normGroups: number;
  /** Factor from the posterior's mean to the latent that is denoised. */
  readonly scalingFactor: number;
  readonly midBlockAttention: boolean;
  /** Side of the pictures it was trained on, in pixels. */
  readonly sampleSize: number;
  /** The levels of a tiny autoencoder, which has no norms, attention and posterior. */
  readonly tiny?: TinyVaeConfig;
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * A level of a tiny autoencoder.
 *
 * @inline
 */
export interface TinyLevel {
  readonly channels: number;
  readonly blocks: number;
}

/**
 * A tiny autoencoder's levels: the encoder's from the picture on, the decoder's from the latent on.
 *
 * @inline
 */
export interface TinyVaeConfig {
  readonly encoder: readonly TinyLevel[];
  readonly decoder: readonly TinyLevel[];
}

/**
 * CLIP's text encoder; `gelu` is the exact one, by the error function.
 *
 * @inline
 */
export interface TextConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly maxPositions: number;
  readonly activation: 'quick_gelu' | 'gelu';
  readonly layerNormEps: number;
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * How a run's steps are spread over the training timesteps (Lin et al. 2023, table 2).
 *
 * @inline
 */
export type TimestepSpacing = 'leading' | 'trailing' | 'linspace';

/**
 * The training of the checkpoint (noise schedule and prediction of the UNet), and the timesteps for sampling.
 *
 * @inline
 */
export interface SchedulerConfig {
  readonly trainTimesteps: number;
  /**
   * `linear`: betas evenly spaced; `scaled_linear`: their square roots are (Rombach et al. 2022); `squaredcos_cap_v2`: the
   * signal is a squared cosine (Nichol and Dhariwal 2021); `sigmoid`: betas follow a logistic curve from -6 to 6.
   */
  readonly betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'sigmoid';
  readonly betaStart: number;
  readonly betaEnd: number;
  /** The betas themselves, in place of the settings above. */
  readonly trainedBetas?: readonly number[];
  /** Rescales the betas so that the last timestep is pure noise (Lin et al. 2023, algorithm 1). */
  readonly rescaleZeroSnr?: boolean;
  /** The spacing of every sampler; without it each has its own: leading for ddim and pndm, linspace for the others. */
  readonly spacing?: TimestepSpacing;
  /** Offset of the timesteps in leading spacing; 1 by default. */
  readonly stepsOffset?: number;
  /** The last step of ddim and pndm ends at a latent without noise, not at the noise level of timestep 0. */
  readonly setAlphaToOne?: boolean;
  readonly predictionType: 'epsilon' | 'v_prediction';
  readonly raw: Readonly<Record<string, unknown>>;
}
