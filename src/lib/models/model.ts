// A checkpoint that can be run: prompts to contexts, pictures to latents and back, and the denoising network.

import { assertShape } from '../base/assert.js';
import type { Closable } from '../base/closable.js';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { OnProgress } from '../base/progress.js';
import { warnOnStderr } from '../base/warn.js';
import type { Device } from '../engine/devices.js';
import type { Engine, Precision } from '../engine/engine.js';
import { resolvePlace } from '../engine/place.js';
import type { Placement, WeightAccess, WeightSource } from '../engine/program.js';
import { ops as g } from '../graph/ops.js';
import type { TensorEntry } from '../tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.js';
import { type Checkpoint, openCheckpoint, PART_NAME, requireWeight } from './checkpoint/checkpoint.js';
import type { Part } from './checkpoint/weight-table.js';
import type { SchedulerConfig, TextConfig, UNetConfig, VaeConfig } from './config/config.js';
import type { PredictionName } from './config/stated-prediction.js';
import { type Control, type ControlRequest, openControls } from './controls/controls.js';
import { type LoraRequest, openLoras } from './lora/lora.js';
import { clipText } from './networks/clip-text.js';
import { networkWeights } from './networks/network-weights.js';
import { createPrograms } from './networks/programs.js';
import { type RunnableControls, runnableControls } from './networks/run-controls.js';
import { type RunnableUNet, runnableUnet } from './networks/run-unet.js';
import { createScope } from './networks/scope.js';
import { vaeDecoder, vaeEncoder } from './networks/vae.js';
import { promptSyntaxWarning } from './text/prompt-syntax.js';
import { type EmbeddingRequest, openEmbeddings, splitIds, withWords } from './text/textual-inversion.js';

const PICTURES = 'pass pictures in [-1, 1], channels first';

/** Options of opening a model. */
export interface LoadModelOptions {
  /** Where to run: `cpu`, `webgpu`, `cuda`, `coreml` or `dml`; `STEADYFRAME_DEVICE`, else `cpu`, by default. */
  device?: Device | string;
  /**
   * What does the arithmetic: `onnx` (ONNX Runtime) or `tfjs` (whichever package of TensorFlow.js is installed, on its device);
   * `STEADYFRAME_ENGINE`, else `onnx`, by default.
   */
  engine?: Engine | string;
  /**
   * Floats of the arithmetic: `float32`, the default, or `float16`, which is approximate, on devices other than the CPU that
   * have it.
   */
  precision?: Precision | string;
  /** Refuse to run if any node would fall back to the CPU. */
  strict?: boolean;
  /** A diffusers folder to read configurations and tokenizer from, for single files that are not stock 1.x. */
  config?: string;
  /** Low-rank updates to apply, each with its own scale. */
  loras?: readonly LoraRequest[];
  /** ControlNets, each with its own weight and part of the steps; renderings are given one picture for each. */
  controls?: readonly ControlRequest[];
  /** An autoencoder in place of the checkpoint's own: a diffusers folder, or a `.safetensors` file in either layout. */
  vae?: string;
  /** The UNet's prediction, `epsilon` or `v`, in place of the checkpoint's statement. */
  prediction?: PredictionName;
  /** Variant of a diffusers folder's weights: `fp16`, `bf16`, `non_ema`; by default those without a variant. */
  variant?: string;
  /** Words in prompts that are replaced by learned vectors (textual inversion). */
  embeddings?: readonly EmbeddingRequest[];
  /** Number of the text encoder's last layers to skip, counted as in diffusers; 1 here is 2 in AUTOMATIC1111. */
  clipSkip?: number;
  /** Threads on the CPU; `STEADYFRAME_THREADS`, else as many as there are cores, by default. */
  threads?: number;
  /** Called after reading the checkpoint, the LoRAs and ControlNets, and the embeddings. */
  onProgress?: OnProgress;
  /** Stops before the next of these three; the signal's reason is thrown. */
  signal?: AbortSignal;
  /** Called for unusual conditions: a cut prompt, LoRA layers that match nothing. Prints to stderr by default. */
  onWarning?: (message: string) => void;
}

/** The configuration of a model. */
export interface ModelConfig {
  unet: UNetConfig;
  vae: VaeConfig;
  text: TextConfig;
  schedule: SchedulerConfig;
  predictionType: 'epsilon' | 'v_prediction';
  /** Pixels of a picture along one latent cell: 8 for the published models. */
  vaeFactor: number;
  /** Side in pixels of the pictures that the UNet was trained on: 512 for 1.x, 768 for 2.x with v-prediction. */
  trainedSide: number;
}

/** An open model. Everything it computes is deterministic. `await using` disposes of it. */
export interface Model extends Closable, RunnableUNet {
  readonly path: string;
  readonly device: Device;
  readonly engine: Engine;
  /** Floats of the arithmetic. */
  readonly precision: Precision;
  /** What results remember of engine, device and precision: the device of ONNX Runtime, or the package of TensorFlow.js. */
  readonly runsOn: string;
  readonly config: ModelConfig;
  /**
   * The opened files.
   *
   * @hidden
   */
  readonly checkpoint: Checkpoint;
  /** The low-rank updates that are applied. */
  readonly loras: readonly LoraRequest[];
  /** The ControlNets, in the order of their conditions. */
  readonly controls: readonly Control[];
  /**
   * The ControlNets as functions.
   *
   * @hidden
   */
  readonly controlNets: RunnableControls;
  /** The words that are replaced by learned vectors, each with its file. */
  readonly embeddings: readonly Required<EmbeddingRequest>[];
  /** Number of the text encoder's last layers that are skipped. */
  readonly clipSkip: number;
  /** Token ids of a prompt in the text encoder's length (77). A prompt that is too long is cut, with one warning. */
  tokenize(prompt: string): Int32Array;
  /** Hidden states [B, 77, D] of prompts: the context for `predict`. */
  encodeText(prompts: readonly string[]): Promise<Tensor<'float32'>>;
  /** Posterior of pictures [B, 3, H, W] in [-1, 1]: mean and log variance [B, C, h, w], unscaled. */
  encodeImage(image: Tensor<'float32'>): Promise<{ mean: Tensor<'float32'>; logvar: Tensor<'float32'> }>;
  /** Pictures [B, 3, H, W] in about [-1, 1] of unscaled latents [B, C, h, w]. */
  decodeLatent(latent: Tensor<'float32'>): Promise<Tensor<'float32'>>;
  /** How the weights of the networks used so far reached the engine. */
  weightAccess(): WeightAccess[];
  /** Numbers of nodes that fell back to the CPU, of the networks used so far; empty on the CPU itself. */
  placements(): Placement[];
  /** Closes all sessions and frees their memory; each opens again at its next use. */
  release(): Promise<void>;
  /** Closes all sessions. The model cannot be used afterwards. */
  dispose(): Promise<void>;
}

/**
 * Opens a Stable Diffusion 1.x or 2.x checkpoint: a diffusers folder, or a single `.safetensors` file in the original
 * layout.
 *
 * `demo` is the bundled model; `OWNER/NAME` is a model of the Hugging Face Hub that `steadyframe pull` or Python's tools
 * have downloaded. An existing path takes precedence.
 *
 * Weights are not read here: each network is compiled, and its weights mapped, at its first use.
 *
 * @throws UsageError when the path is no such checkpoint, or a weight is missing or has the wrong shape
 */
export async function loadModel(name: string, options: LoadModelOptions = {}): Promise<Model> {
  const { strict = false, threads, onWarning = warnOnStderr } = options;
  const place = resolvePlace(given({ engine: options.engine, device: options.device, precision: options.precision }));
  const { config: configFolder, vae: otherVae, prediction, variant } = options;
  const opened = given({ config: configFolder, vae: otherVae, prediction, variant });
  const read = async <T>(step: number, part: () => Promise<T>): Promise<T> => {
    options.signal?.throwIfAborted();
    const result = await part();
    options.onProgress?.({ done: step, total: 3, label: 'opening the model' });
    return result;
  };
  const checkpoint = await read(1, () => openCheckpoint(name, opened));
  const loras = await read(2, () => openLoras(options.loras ?? [], checkpoint, onWarning));
  const controls = await openControls(options.controls ?? [], checkpoint);
  const { textEncoder, tokenizer: ownTokenizer } = checkpoint;
  const learned = await read(3, () => openEmbeddings(options.embeddings ?? [], textEncoder.config, ownTokenizer));
  const tokenizer = withWords(ownTokenizer, learned);
  const clipSkip = checkClipSkip(options.clipSkip ?? 0, checkpoint.textEncoder.config.layers);
  const vaeFactor = 2 ** (checkpoint.vae.config.blockOutChannels.length - 1);
  const config: ModelConfig = {
    unet: checkpoint.unet.config,
    vae: checkpoint.vae.config,
    text: checkpoint.textEncoder.config,
    schedule: checkpoint.schedule,
    predictionType: checkpoint.predictionType,
    vaeFactor,
    trainedSide: checkpoint.unet.config.sampleSize * vaeFactor,
  };
  checkWeights(checkpoint, config);

  const { runsOn: _, ...where } = place;
  const engine = { ...where, strict, ...given({ threads }) };
  const programs = (table: ReadonlyMap<string, TensorEntry>, extra: WeightSource) =>
    createPrograms(new Map([...table, ...extra]), float32Bytes(table), engine);
  const text = programs(checkpoint.textEncoder.weights, loras.weights);
  const vae = programs(checkpoint.vae.weights, new Map());
  const denoiser = programs(checkpoint.unet.weights, loras.weights);
  const controlNets = runnableControls(controls, config.unet, engine);
  const all = [text, vae, denoiser, controlNets];
  const reported = new Set<string>();

  const model: Model = {
    path: checkpoint.path,
    ...place,
    config,
    checkpoint,
    loras: options.loras ?? [],
    controls,
    controlNets,
    embeddings: learned.map(({ file, word }) => ({ file, word })),
    clipSkip,
    tokenize(prompt) {
      const { ids, truncated } = tokenizer.encode(prompt);
      // Once per prompt, which is encoded again for each batch of frames.
      if (!reported.has(prompt)) {
        reported.add(prompt);
        const syntax = promptSyntaxWarning(withoutWords(prompt, learned));
        if (syntax !== null) onWarning(syntax);
        if (truncated !== null) {
          onWarning(`the prompt is longer than ${tokenizer.modelMaxLength} tokens; this part was cut: "${truncated}"`);
        }
      }
      return ids;
    },
    async encodeText(prompts) {
      const length = tokenizer.modelMaxLength;
      const ids = new Int32Array(prompts.length * length);
      prompts.forEach((prompt, i) => {
        ids.set(model.tokenize(prompt), i * length);
      });
      const shape = [prompts.length, length] as const;
      const program = await text.get(`${shape}`, () => {
        const width = config.text.hiddenSize;
        const vectors = learned.length > 0 && {
          learned: { vectors: g.input('learned', [...shape, width]), kept: g.input('kept', [...shape, 1]) },
        };
        const input = g.input('ids', shape, 'int32');
        return { hidden: clipText(createScope(loras.text), config.text, input, { skip: clipSkip, ...vectors }) };
      });
      const inputs =
        learned.length > 0 ? splitIds(ids, shape, learned, ownTokenizer) : { ids: tensor('int32', shape, ids) };
      return (await program.run(inputs)).hidden;
    },
    async encodeImage(image) {
      assertShape('encodeImage: the picture', image.shape, ['B', config.vae.inChannels, 'H', 'W'], {
        remedy: PICTURES,
      });
      const [, , height, width] = image.shape;
      if (height % config.vaeFactor !== 0 || width % config.vaeFactor !== 0) {
        throw new UsageError(
          `encodeImage: the sides of a picture must be multiples of ${config.vaeFactor}, not ${width}x${height}; crop or scale it`,
        );
      }
      const program = await vae.get(`encode ${image.shape}`, () => ({
        ...vaeEncoder(createScope(), config.vae, g.input('image', image.shape)),
      }));
      const { mean, logvar } = await program.run({ image });
      return { mean, logvar };
    },
    async decodeLatent(latent) {
      const latents = ['B', config.vae.latentChannels, 'h', 'w'];
      assertShape('decodeLatent: the latent', latent.shape, latents, { remedy: 'pass unscaled latents' });
      const program = await vae.get(`decode ${latent.shape}`, () => ({
        image: vaeDecoder(createScope(), config.vae, g.input('latent', latent.shape)),
      }));
      return (await program.run({ latent })).image;
    },
    ...runnableUnet(denoiser, config.unet, { adapters: loras.unet, controls: controlNets }),
    weightAccess: () => all.flatMap(({ open }) => open.map(({ weights }) => weights)),
    placements: () => all.flatMap(({ open }) => open.flatMap(({ placement }) => placement ?? [])),
    async release() {
      for (const network of all) await network.dispose();
    },
    dispose: () => model.release(),
    [Symbol.asyncDispose]: () => model.dispose(),
  };
  return model;
}

/** Checks every weight that the networks need, before anything is computed. */
function checkWeights(checkpoint: Checkpoint, config: ModelConfig): void {
  const shapes = networkWeights(config);
  const check = (table: ReadonlyMap<string, TensorEntry>, part: Part): void => {
    for (const [name, shape] of shapes[part])
      requireWeight(table, name, shape, `${checkpoint.path}: ${PART_NAME[part]}`);
  };
  check(checkpoint.textEncoder.weights, 'text');
  check(checkpoint.vae.weights, 'vae');
  check(checkpoint.unet.weights, 'unet');
}

/** The prompt without learned words, which may contain any characters. */
function withoutWords(prompt: string, learned: readonly { readonly word: string }[]): string {
  return learned.reduce((text, { word }) => text.replaceAll(word, ' '), prompt);
}

function checkClipSkip(skip: number, layers: number): number {
  if (Number.isInteger(skip) && skip >= 0 && skip < layers) return skip;
  throw new UsageError(
    `clipSkip is ${skip}, expected a whole number of layers to leave out, from 0 to ${layers - 1}; 1 is what AUTOMATIC1111 calls 2`,
  );
}

function float32Bytes(table: ReadonlyMap<string, TensorEntry>): number {
  let bytes = 0;
  for (const { shape } of table.values()) bytes += 4 * sizeOf(shape);
  return bytes;
}
