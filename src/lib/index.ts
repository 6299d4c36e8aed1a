// The public surface of steadyframe, by explicit names. What is not exported here may change at any time.

export { FailureError, UsageError } from './base/errors.js';
export type { OnProgress, Progress } from './base/progress.js';
export { VERSION } from './base/version.js';
export { temporalFilter } from './consistency/filter.js';
export { flowMedian } from './consistency/flow-median.js';
export { carryKeyframes } from './consistency/keyframes.js';
export { type WarpedNoiseOptions, warpedNoise } from './consistency/warped-noise.js';
export {
  type DenoiseOptions,
  type Img2ImgOptions,
  img2img,
  type TextToImageOptions,
  textToImage,
} from './diffusion/img2img.js';
export { decodeFrame, encodeFrame, type NoiseMode, type RestyleOptions, restyle } from './diffusion/restyle.js';
export { type RestyleKeyframesOptions, restyleKeyframes } from './diffusion/restyle-keyframes.js';
export type { SamplerName } from './diffusion/samplers/index.js';
export { editFrame } from './edits/edit-frame.js';
export type { EditFrameOptions, ProposeEditsOptions } from './edits/edit-options.js';
export type { EditedFrame } from './edits/edited-frame.js';
export { pickEdit } from './edits/edits-folder.js';
export type { FrameEdit, FrameEdits } from './edits/frame-edit.js';
export { proposeEdits } from './edits/propose-edits.js';
export { readEdit } from './edits/sidecar.js';
export type { Device } from './engine/devices.js';
export { type Composition, composition, compositionKept } from './metrics/composition.js';
export { type MeasureOptions, measure } from './metrics/measure.js';
export { METRICS, type Measurement, type MetricName, type MetricValue } from './metrics/measurement.js';
export { type Metrics, type MetricsOptions, metrics } from './metrics/metrics.js';
export { type LoadModelOptions, loadModel, type Model, type ModelConfig } from './models/model.js';
export { liveProgress } from './notebook/live-progress.js';
export { show } from './notebook/show.js';
export type { ShowOptions } from './notebook/show-options.js';
export { showTraining } from './notebook/show-training.js';
export { type RecipeOptions, recipe } from './recipe/recipe.js';
export type { RecipeResult } from './recipe/result.js';
export type { RecipeOutcome } from './recipe/run-recipe.js';
export { type CompareSeedsOptions, compareSeeds } from './renderings/compare-seeds.js';
export type { ComparisonResult, RenderingResult } from './renderings/comparison-options.js';
export { type StrengthSweepOptions, strengthSweep } from './renderings/strength-sweep.js';
export { type WriteReportOptions, writeReport } from './report/write-report.js';
export { type DeepVideoPriorOptions, deepVideoPrior } from './steady/deep-video-prior.js';
export { type SteadyOptions, type SteadyResult, steady } from './steady/steady.js';
export { readSweepFile, type SweepFile } from './sweeps/file/read-sweep-file.js';
export { planSweep, type RunSweepOptions, runSweep, type SweepPlan } from './sweeps/run-sweep.js';
export type { SweepOutcome } from './sweeps/sweep-outcome.js';
export { verify } from './sweeps/verify.js';
export type { Frame } from './tensor/frame.js';
export { randn } from './tensor/randn.js';
export { type Tensor, tensor } from './tensor/tensor.js';
export type { NestedParameters } from './tracking/log/parameters.js';
export type { Run } from './tracking/log/run.js';
export { type StartRunOptions, startRun } from './tracking/log/start-run.js';
export { trackRun } from './tracking/log/track-run.js';
export { syncRuns } from './tracking/mlflow/sync.js';
export { type ListRunsOptions, listRuns } from './tracking/query/list-runs.js';
export { openRun, type StoredRun } from './tracking/stored/open-run.js';
export type { RunRecord } from './tracking/stored/run-record.js';
export type { RunSummary } from './tracking/stored/run-summary.js';
export { type Finetuning, finetune } from './training/finetune/finetune.js';
export type { FinetuneOptions } from './training/finetune/options.js';
export type { FinetuneResult } from './training/finetune/result.js';
export type { FinetuneStep } from './training/finetune/step.js';
export type { FrameSize, Region } from './video/geometry.js';
export { grid } from './video/layout/write-grid.js';
export { type OpenVideoOptions, openVideo } from './video/read/open-video.js';
export type { Video, VideoInput } from './video/read/video.js';
export { readPicture, writePicture } from './video/still.js';
export { type WriteVideoOptions, writeVideo } from './video/write/write-video.js';
export { type HeldOutShot, heldOutShot, shotFrames } from './world/held-out-shots.js';
export type { Style } from './world/styles/styles.js';
