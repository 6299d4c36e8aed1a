// Every setting, defined once: its name in the library, its kind, default and help. Option types, flags of the command, the
// schema of sweep files, parameters of runs and identities of results are derived from these rows, in this order.

import { DEVICES } from '../engine/devices.js';
import { ENGINES, PRECISIONS } from '../engine/engine.js';
import * as kind from './kinds.js';
import { setting } from './setting.js';

/** Names of samplers, in the order of help texts. */
export const SAMPLERS = ['ddim', 'pndm', 'euler', 'euler-karras', 'dpmpp-2m', 'dpmpp-2m-karras', 'lcm', 'tcd'] as const;
/** Settings of fewer passes, by the names of presets; see `src/experiments/methods` for their distance to the defaults. */
export const PRESETS = {
  fast: { sampler: 'dpmpp-2m', steps: 20 },
  draft: { sampler: 'dpmpp-2m', steps: 10 },
} as const;
/** Noise modes: one noise tensor for all frames of a video, a different one for each, or one that moves with the picture. */
export const NOISE_MODES = ['fixed', 'per-frame', 'warped'] as const;
/** The frames to which a frame's attention is anchored. */
export const ANCHORS = ['none', 'first-previous', 'own-first-previous'] as const;
/** Prediction types of the UNet. */
export const PREDICTIONS = ['epsilon', 'v'] as const;
/** The weights that a finetuning trains. */
export const TRAINED = ['lora', 'attention', 'all'] as const;
/** Layers that can have low-rank updates. */
export const LORA_LAYERS = ['attention', 'feed-forward', 'convolutions'] as const;
/** Training objectives for edited frames. */
export const OBJECTIVES = ['noised-original', 'rendering-path'] as const;
/** Weightings of training items. */
export const WEIGHTINGS = ['min-snr-paired', 'min-snr', 'none'] as const;
/** Noises of training items. */
export const TRAINING_NOISES = ['fresh', 'warped'] as const;
/** Estimators of optical flow: the package's network, dense inverse search, Farneback's polynomial expansion. */
export const FLOWS = ['network', 'dis', 'farneback'] as const;
/** Methods that steady a finished video. */
export const STEADY_METHODS = ['keyframes', 'filter', 'median', 'prior'] as const;
/** Learning-rate schedules after the warm-up. */
export const SCHEDULES = ['constant', 'cosine'] as const;

/** Conditions of ControlNets that are made of the frame itself. */
export const FRAME_CONDITIONS = ['canny', 'tile', 'lineart', 'scribble', 'blur', 'luminance'] as const;
/** Conditions that another network makes of frames: they come as maps, a second video. */
export const MAP_CONDITIONS = ['depth', 'normal', 'pose', 'softedge', 'segmentation', 'mlsd', 'other'] as const;
/** What a ControlNet can see; `previous` is the previous rendered frame, moved along the source's motion. */
export const CONTROL_KINDS = [...FRAME_CONDITIONS, 'previous', ...MAP_CONDITIONS] as const;

/** Names in sweep files, run parameters and identities that are not the setting's own in snake case. */
export const STORED_NAMES = { negativePrompt: 'negative', guidanceScale: 'guidance' } as const;

/** Which frames of a video are used, and at what size. */
export const SELECTION = {
  /** Shorter side of the frames in pixels, or both sides (frames are cropped); the model's training size by default. */
  size: setting(kind.size, {
    help: 'shorter side of the frames, or WIDTHxHEIGHT, cropped to it; what the model was trained at by default',
  }),
  /** Begin at this time, in seconds. */
  start: setting(kind.seconds({ least: 0 }), { help: 'begin at this time, in seconds' }),
  /** Take this many seconds of the video. */
  duration: setting(kind.seconds({ above: 0 }), { help: 'take so many seconds of the video' }),
  /** Take at most this many frames. */
  frames: setting(kind.whole(1), { help: 'take at most this many frames' }),
  /** Take every n-th frame. */
  every: setting(kind.whole(1), { help: 'take every n-th frame' }),
  /** Frames per second to which the video is resampled, and at which pictures are read; as stored by default. */
  frameRate: setting(kind.real({ above: 0 }), {
    help: 'resample to so many frames a second, and read pictures at that rate; as stored by default',
    value: 'n',
  }),
};

/** The video and the model. */
export const SUBJECT = {
  video: setting(kind.path, { help: 'a video, a GIF, or a folder of pictures' }),
  model: setting(kind.path, {
    letter: 'm',
    help: 'diffusers folder or single .safetensors file of Stable Diffusion 1.x or 2.x; OWNER/NAME that was pulled; or demo',
  }),
};

/** How a checkpoint is read. */
export const CHECKPOINT = {
  /** Diffusers folder with the configurations of a single file that is not stock 1.x. */
  config: setting(kind.path, {
    help: 'diffusers folder to read configurations from, for single files that are not stock 1.x',
    value: 'dir',
  }),
  /** Autoencoder in place of the model's own. */
  vae: setting(kind.path, {
    help: "autoencoder in place of the model's own: a diffusers folder or a .safetensors file",
  }),
  /** The UNet's prediction type, overriding the model's configuration. */
  prediction: setting(kind.word(PREDICTIONS), {
    help: 'what the UNet predicts, whatever the model says of it',
    value: 'kind',
  }),
  /** Variant of the weights, if a diffusers folder has several. */
  variant: setting(kind.text, {
    help: 'which weights of a diffusers folder, where there are several: fp16, bf16, non_ema',
    value: 'name',
  }),
};

/** Updates that are applied to a model, and its device. */
export const APPLIED = {
  /** LoRA, DoRA or LoHa files or PEFT folders, each with its scale. */
  loras: setting(kind.loras, {
    flag: 'lora',
    value: 'file[:scale]',
    help: 'LoRA, DoRA or LoHa to apply, file or PEFT folder',
  }),
  /** Textual inversions: files, each with its word in prompts. */
  embeddings: setting(kind.embeddings, {
    flag: 'embedding',
    value: 'file[:word]',
    help: 'textual inversion: the word of prompts stands for what the file learned',
  }),
  /** ControlNets, each with its kind of condition, its weight, its part of the steps, and its map if it has one. */
  controls: setting(kind.controls(CONTROL_KINDS), {
    flag: 'control',
    value: 'kind=model[:weight[:start-end]][,map=file]',
    since: '0.1.0',
    help: `ControlNet to follow: what it sees of the frames (${FRAME_CONDITIONS.join(', ')}, previous; or with map=FILE, a video or folder of such pictures, ${MAP_CONDITIONS.join(', ')}), its folder or file, its weight and its part of the steps`,
  }),
  /** Number of layers to skip at the end of the text encoder, counted as in diffusers. */
  clipSkip: setting(kind.whole(0), {
    default: 0,
    since: '0.1.0',
    help: "layers left out at the text encoder's end, as diffusers counts: 1 is what AUTOMATIC1111 calls 2",
  }),
  /** Device; STEADYFRAME_DEVICE, else the CPU, by default. */
  device: setting(kind.word(DEVICES), {
    help: 'where to run; STEADYFRAME_DEVICE, else cpu, by default',
    value: 'name',
  }),
  /** Engine; STEADYFRAME_ENGINE, else ONNX Runtime, by default. */
  engine: setting(kind.word(ENGINES), {
    since: '0.1.0',
    help: 'what does the arithmetic: onnx (ONNX Runtime), the default, or tfjs (whichever TensorFlow.js is installed); STEADYFRAME_ENGINE',
    value: 'name',
  }),
  /** Floats of the arithmetic; float32 by default. */
  precision: setting(kind.word(PRECISIONS), {
    since: '0.1.0',
    help: 'floats of the arithmetic: float32, the default, or float16, which is approximate, where the device has it (not cpu)',
    value: 'type',
  }),
};

/** Which part of each frame is edited. */
export const MASKED = {
  /** A picture or a video: white is edited, black stays the source's. */
  mask: setting(kind.path, {
    since: '0.1.0',
    help: 'edit only where this picture or video is white; what is black stays the source',
    value: 'file',
  }),
  /** A picture or a video whose white parts stay the source's. */
  negativeMask: setting(kind.path, {
    since: '0.1.0',
    help: 'leave the source where this picture or video is white',
    value: 'file',
  }),
  /** A colour of the source whose pixels alone are edited, or with `not` all others, with a tolerance: `#00ff00:40`. */
  maskKey: setting(kind.text, {
    since: '0.1.0',
    help: "edit only the source's pixels of a colour, such as '#00ff00', within a tolerance of 32 or as in '#00ff00:40'; 'not #00ff00' edits the others",
    value: 'colour',
  }),
  /** Pixels from the mask's edge inwards over which the edit fades in. */
  feather: setting(kind.real({ least: 0 }), {
    default: 8,
    since: '0.1.0',
    help: "pixels from a mask's edge inwards over which the edit fades in",
    value: 'n',
  }),
};

/** How frames are rendered. */
export const RENDER = {
  /**
   * Description of the picture, or descriptions by time, `0s: a city by day; 4s: a city at night`, whose embeddings are mixed
   * between. If it is empty, the model follows its prior.
   */
  prompt: setting(kind.promptText, {
    default: '',
    letter: 'p',
    help: "what the picture should show, or by time: '0s: a city by day; 4s: a city at night'",
    value: 'text',
  }),
  /** The prompt that guidance leads away from; empty by default. */
  negativePrompt: setting(kind.promptText, {
    default: '',
    stored: STORED_NAMES.negativePrompt,
    formerFlags: ['negative'],
    help: 'what it should not show',
    value: 'text',
  }),
  /** Share of the steps that is executed, in (0, 1]: more is a stronger edit. */
  strength: setting(kind.real({ above: 0, most: 1 }), { default: 0.45, help: 'strength in (0, 1]', value: 's' }),
  /** Strengths by time in place of `strength`, such as `0s: 0.3; 4s: 0.6`; linear between them. */
  strengthSchedule: setting(kind.text, {
    since: '0.1.0',
    help: "strengths by time in place of one, such as '0s: 0.3; 4s: 0.6'; linear between them",
    value: 'times',
  }),
  /** Seed of the noise; frame i has `seed + i` with `noise: 'per-frame'`. */
  seed: setting(kind.whole(0), { default: 42, help: "seed of the noise: torch.randn's numbers" }),
  /** Fewer steps of a better sampler: a name for values of `sampler` and `steps`, which can be given beside it. */
  preset: setting(kind.word(Object.keys(PRESETS) as (keyof typeof PRESETS)[]), {
    since: '0.1.0',
    standsFor: PRESETS,
    help: 'fewer passes, approximate: fast is the sampler dpmpp-2m with 20 steps, draft the same with 10',
    value: 'name',
  }),
  /** Steps of a full run, of which a strength executes the last part. */
  steps: setting(kind.whole(1), {
    default: 50,
    help: 'steps of a full run, of which a strength executes the last part',
  }),
  /** Sampling algorithm. */
  sampler: setting(kind.word(SAMPLERS), {
    default: 'ddim',
    help: 'sampling algorithm; lcm and tcd, for models distilled to 4 to 8 steps, execute all steps at any strength',
    value: 'name',
  }),
  /** Share of each step that the sampler `tcd` noises anew, from 0, which draws no noise, to 1. */
  eta: setting(kind.real({ least: 0, most: 1 }), {
    default: 0,
    since: '0.1.0',
    help: 'share of each step that the sampler tcd noises anew: 0 is deterministic and steadiest',
    value: 'share',
  }),
  /**
   * Guidance scale; at 1 the negative prompt does not matter and half of the work is saved. Differs from diffusers below 1,
   * where it switches guidance off: here 0 is the negative prompt alone.
   */
  guidanceScale: setting(kind.real({ least: 0 }), {
    default: 7.5,
    stored: STORED_NAMES.guidanceScale,
    formerFlags: ['guidance'],
    help: 'how strongly to follow the prompt; 1 halves the work',
    value: 'scale',
  }),
  /** Guidance scales by time in place of `guidanceScale`, such as `0s: 3; 4s: 9`; linear between them. */
  guidanceSchedule: setting(kind.text, {
    since: '0.1.0',
    help: "guidance scales by time in place of one, such as '0s: 3; 4s: 9'; linear between them",
    value: 'times',
  }),
  /**
   * Rescales a guided prediction towards the standard deviation of the prompt's own, from 0 to 1 [Lin 2023]. For models
   * trained to zero terminal SNR, whose pictures guidance overexposes; 0.7 is usual.
   */
  guidanceRescale: setting(kind.real({ least: 0, most: 1 }), {
    default: 0,
    since: '0.1.0',
    help: 'how far to undo the overexposure of guidance, 0 to 1; 0.7 suits models of zero terminal SNR',
    value: 'share',
  }),
  /**
   * Share of the executed steps, the first ones, that are under guidance: what guidance decides is decided early, and the steps
   * after it cost half [Zhang et al. 2024, Cross-attention makes inference cumbersome in text-to-image diffusion models].
   */
  guidanceUntil: setting(kind.real({ above: 0, most: 1 }), {
    default: 1,
    since: '0.1.0',
    help: 'share of the executed steps that are guided, the first ones; those after it cost half',
    value: 'share',
  }),
  /**
   * Evaluations of the network from one that computes all of it to the next: those between take over its deep features, for a
   * tenth of the work. Approximate; 1 is exact [Ma et al. 2023, DeepCache].
   */
  cacheInterval: setting(kind.whole(1), {
    default: 1,
    since: '0.1.0',
    help: 'compute all of the network in every n-th step only, and its last layer in those between: approximate, up to n times as fast',
  }),
  /** The same noise for all frames, different noise for each, or noise that moves with the picture (see `warpedNoise`). */
  noise: setting(kind.word(NOISE_MODES), {
    default: 'fixed',
    help: "fixed: one noise for all frames; per-frame: one for each; warped: it moves along the source's motion",
    value: 'mode',
  }),
  /** Which draw of the generator is the noise; 2 is that of PyTorch's pipelines, which first sample the VAE. */
  noiseDraw: setting(kind.whole(1), {
    default: 1,
    help: "which draw of the seed is the noise; 2 is PyTorch pipelines'",
  }),
  /** Frames that go through the network together; twice as many rows under guidance. */
  batch: setting(kind.whole(1), { default: 1, help: 'frames that go through the network together' }),
  /** The frames whose keys and values the up blocks' self-attention reads; all frames are then denoised in lock-step. */
  anchor: setting(kind.word(ANCHORS), {
    default: 'none',
    since: '0.1.0',
    help: "what the up blocks' self-attention reads in place of the frame itself: the first frame and the previous one",
    value: 'frames',
  }),
  /** Share of the executed steps, the last ones, in which each latent channel's mean and deviation follow the first frame's. */
  adain: setting(kind.real({ least: 0, most: 1 }), {
    default: 0,
    since: '0.1.0',
    help: "share of the executed steps, the last ones, in which colours follow the first frame's; 0.2 is usual",
    value: 'share',
  }),
  ...MASKED,
};

const { strength, strengthSchedule, seed, noise, batch, anchor, adain, ...denoise } = RENDER;
/** Settings that all renderings of a comparison share. */
export const DENOISE = denoise;
/** Settings that can differ between the renderings of a comparison. */
export const OWN = { strength, strengthSchedule, seed, noise, batch, anchor, adain };

/** How a model is trained. The defaults are the published recipe. */
export const TRAINING = {
  /** Number of updates. */
  iterations: setting(kind.whole(1), { default: 1000, help: 'updates in all' }),
  /** Frames of the video that are learned under the empty prompt, spread evenly. */
  trainingFrames: setting(kind.whole(0), { default: 30, help: 'frames that are learned, spread evenly' }),
  /** Learning rate after the warm-up. */
  learningRate: setting(kind.real({ above: 0 }), { default: 1e-5, help: 'learning rate at its peak', value: 'rate' }),
  /** The trained weights: low-rank updates, the attention layers, or the whole UNet. */
  train: setting(kind.word(TRAINED), {
    default: 'lora',
    help: 'lora, attention (the weights of these layers), or all weights of the UNet',
    value: 'what',
  }),
  /** Rank of the low-rank updates. */
  rank: setting(kind.whole(1), {
    default: 4,
    flag: 'lora-rank',
    help: 'rank of low-rank updates',
  }),
  /** The scale of low-rank updates is alpha / rank; the rank by default. */
  alpha: setting(kind.real({ above: 0 }), {
    flag: 'lora-alpha',
    help: 'their scale is alpha / rank; the rank by default',
    value: 'x',
  }),
  /** Layers that get low-rank updates. */
  layers: setting(kind.words(LORA_LAYERS), {
    default: ['attention'],
    flag: 'lora-layers',
    help: 'layers that low-rank updates are beside: attention, feed-forward, convolutions',
  }),
  /** Training objective for edited frames. */
  objective: setting(kind.word(OBJECTIVES), {
    default: 'noised-original',
    help: 'how edits are learned: noised-original, or rendering-path',
    value: 'name',
  }),
  /** Weighting of training items. */
  weighting: setting(kind.word(WEIGHTINGS), {
    default: 'min-snr-paired',
    help: 'min-snr-paired (of edits), min-snr (of all items), none',
    value: 'name',
  }),
  /** Timesteps that are trained, the last one excluded. */
  timestepRange: setting(kind.timesteps, {
    default: [0, 500],
    help: 'timesteps that are trained, the last one excluded',
  }),
  /** Timesteps at which paths of `rendering-path` start. */
  startRange: setting(kind.timesteps, { default: [300, 500], help: 'timesteps at which a rendering-path starts' }),
  /** Iterations over which the learning rate rises from 0; none by default: the recipe publishes no length. */
  warmup: setting(kind.whole(0), { default: 0, help: 'iterations over which the learning rate rises from 0' }),
  /** Learning rate after the warm-up: constant, or falling along half a cosine to 0 at the last iteration. */
  schedule: setting(kind.word(SCHEDULES), {
    default: 'constant',
    since: '0.1.0',
    help: 'what the learning rate does then: constant, the default, or cosine, which falls to 0 at the last iteration',
    value: 'name',
  }),
  /**
   * The noise of training items: fresh for each draw, or that which renderings of the default seed have with `noise: 'warped'`
   * at the item's frame, mixed with fresh noise by a random share (see `mixedNoise`).
   */
  trainingNoise: setting(kind.word(TRAINING_NOISES), {
    default: 'fresh',
    since: '0.1.0',
    help: 'fresh: new noise for each update; warped: mixed with the noise that moves with the picture, for warped renderings',
    value: 'kind',
  }),
  /** AdamW's weight decay. */
  weightDecay: setting(kind.real({ least: 0 }), { default: 0.01, help: "AdamW's weight decay", value: 'x' }),
  /** Items per update. */
  trainingBatch: setting(kind.whole(1), { default: 1, formerFlags: ['batch'], help: 'items an update' }),
  /** Batches whose gradients are averaged for an update. */
  accumulate: setting(kind.whole(1), { default: 1, help: 'batches whose gradients are averaged for an update' }),
  /** Gradients are scaled down to this norm, which needs memory for all of them; none by default, as in the recipe. */
  clipNorm: setting(kind.real({ above: 0 }), { help: 'scale gradients down to this norm; not by default', value: 'x' }),
  /** Decay of an exponential moving average of the weights, such as 0.99; the average is the result. None by default. */
  averageDecay: setting(kind.real({ least: 0, below: 1 }), {
    help: 'keep a moving average of the weights, such as 0.99, as the result',
    value: 'x',
  }),
  /** Seed of the items' order, timesteps, noise and the initial low-rank updates. */
  trainingSeed: setting(kind.whole(0), {
    default: 0,
    formerFlags: ['seed'],
    help: 'decides order, timesteps and noise of a training',
  }),
  /** Weight of prior preservation. Above 0, each item gets a second row that keeps the base model's prediction. */
  priorPreservation: setting(kind.real({ least: 0 }), {
    default: 0,
    help: 'keep what the model predicts of other pictures, at twice the work',
    value: 'weight',
  }),
};

/** Settings of a finetuning: its edited frames, and the training. */
export const FINETUNE = {
  /** Edited frames to learn from. */
  edits: setting(kind.edits, {
    help: 'edited frames to learn from: pictures with their sidecar, or with frame and prompt',
  }),
  ...TRAINING,
};

/** Checkpoints and previews of a finetuning, which do not affect its result. */
export const COURSE = {
  /** Iterations between checkpoints; the first comes after half of them. */
  checkpointEvery: setting(kind.whole(1), {
    default: 200,
    help: 'iterations between checkpoints; the first comes after half of them',
  }),
  /** Iterations between previews, 0 for none. */
  previewEvery: setting(kind.whole(0), { default: 200, help: 'iterations between previews; 0 for none' }),
  /** Number of successive frames in previews. */
  previewFrames: setting(kind.whole(1), { default: 4, help: 'successive frames that previews show' }),
};

/** How a restyled video is steadied. */
export const STEADY = {
  /** Distance of keyframes, in frames. */
  keyEvery: setting(kind.whole(1), {
    default: 5,
    help: "frames from one keyframe to the next; those between are carried along the source's motion",
  }),
  /**
   * Share of a frame's pixels that neither keyframe shows, above which it becomes a keyframe itself. Estimated motion misses
   * points that are there: along DIS the median is 0.15 on `red-car-curve` and the most 0.28, along the true motion the mean
   * is 0.03.
   */
  newShare: setting(kind.real({ above: 0, most: 1 }), {
    default: 0.35,
    help: 'a frame is a keyframe too where more than this share of it is seen in neither of those beside it',
    value: 'share',
  }),
  /** Estimator of the source's motion. */
  flow: setting(kind.word(FLOWS), {
    default: 'network',
    help: "how the source's motion is estimated: network (the package's own), dis, farneback",
    value: 'name',
  }),
};

/** Whether a rendering is steady, and how. */
export const STEADIED = {
  /** Render only the keyframes, and carry them to the frames between. */
  steady: setting(kind.toggle, {
    default: false,
    since: '0.1.0',
    help: "render only keyframes, and carry them along the source's motion to the frames between",
  }),
  ...STEADY,
};

/** With which method a finished video is steadied. */
export const METHOD = {
  /** The method: see `carryKeyframes`, `temporalFilter`, `flowMedian`, `deepVideoPrior`. */
  method: setting(kind.word(STEADY_METHODS), {
    default: 'keyframes',
    since: '0.1.0',
    help: 'keyframes that are carried, a filter, the median of three frames, or prior: a network trained on the video, slow',
    value: 'name',
  }),
};

/** How the flow-warped median is made. */
export const MEDIAN = {
  /** Estimator of the source's motion. */
  flow: setting(kind.word(FLOWS), {
    default: 'farneback',
    since: '0.1.0',
    help: STEADY.flow.help,
    value: 'name',
  }),
};

/** How the deep video prior is trained. */
export const PRIOR = {
  /** Passes over the frames; more bring the flicker back. */
  passes: setting(kind.whole(1), {
    default: 25,
    since: '0.1.0',
    help: 'passes of the deep video prior over the frames; more bring the flicker back',
  }),
};

/** How a restyled video is filtered. */
export const FILTER = {
  /** Weight of the frame before against a frame's own detail. */
  filterWeight: setting(kind.real({ above: 0 }), {
    default: 1,
    since: '0.1.0',
    help: "weight of the frame before, moved along the source's motion, against a frame's own detail",
    value: 'x',
  }),
};

/** What pictures and videos have besides their pixels. */
export const OUTPUT = {
  /** Keep the settings in the metadata of pictures and videos, from which they can be made again. */
  metadata: setting(kind.toggle, {
    default: true,
    since: '0.1.0',
    help: 'keep the settings in the metadata of pictures and videos',
  }),
};

/** All settings. */
export const SETTINGS = {
  ...{ ...SUBJECT, ...SELECTION, ...CHECKPOINT, ...APPLIED },
  ...{ ...RENDER, ...FINETUNE, ...COURSE, ...METHOD, ...STEADIED, ...FILTER, ...PRIOR, ...OUTPUT },
};

/** The name of a setting in the library. */
export type SettingName = keyof typeof SETTINGS;
