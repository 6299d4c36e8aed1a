// The public surface of steadyframe, by explicit names. What is not exported here may change at any time.

export { FailureError, UsageError } from './base/errors.js';
export type { OnProgress, Progress } from './base/progress.js';
export { VERSION } from './base/version.js';
export { flowMedian } from './consistency/flow-median.js';
export {
  type DenoiseOptions,
  type DenoiseStep,
  type Img2ImgOptions,
  img2img,
  type TextToImageOptions,
  textToImage,
} from './diffusion/img2img.js';
export { decodeFrame, encodeFrame, type NoiseMode, type RestyleOptions, restyle } from './diffusion/restyle.js';
export type { SamplerName } from './diffusion/samplers/index.js';
export { editFrame } from './edits/edit-frame.js';
export type { EditFrameOptions, ProposeEditsOptions } from './edits/edit-options.js';
export type { EditedFrame } from './edits/edited-frame.js';
export { pickEdit } from './edits/edits-folder.js';
export type { EditScores, FrameEdit, FrameEdits } from './edits/frame-edit.js';
export { proposeEdits } from './edits/propose-edits.js';
export { type EditOverrides, readEdit } from './edits/sidecar.js';
export type { Device } from './engine/devices.js';
export type { Placement, WeightAccess } from './engine/program.js';
export { type Composition, composition, compositionKept } from './metrics/composition.js';
export { type Measured, type MeasureOptions, type Motion, measure } from './metrics/measure.js';
export { METRICS, type Measurement, type MetricName, type MetricValue } from './metrics/measurement.js';
export { type Metrics, type MetricsOptions, metrics } from './metrics/metrics.js';
export type { LoraRequest } from './models/lora/lora.js';
export { type LoadModelOptions, loadModel, type Model, type ModelConfig } from './models/model.js';
export type { EmbeddingRequest } from './models/text/textual-inversion.js';
export { type LiveProgressOptions, liveProgress } from './notebook/live-progress.js';
export { type Shown, show } from './notebook/show.js';
export type { ShownFrames } from './notebook/show-frames.js';
export type { ShownGrid } from './notebook/show-grid.js';
export type { ShowOptions } from './notebook/show-options.js';
export type { ShownPlot } from './notebook/show-plot.js';
export type { ShownRun } from './notebook/show-run.js';
export type { ShownTable, TableValue } from './notebook/show-table.js';
export { type ShownPreview, type ShownStep, type ShowTrainingOptions, showTraining } from './notebook/show-training.js';
export type { ShownVideo } from './notebook/show-video.js';
export { type BundledShot, type RecipeOptions, recipe } from './recipe/recipe.js';
export type { RecipeArm, RecipeClaim, RecipeResult } from './recipe/result.js';
export type { RecipeOutcome } from './recipe/run-recipe.js';
export { type CompareSeedsOptions, compareSeeds } from './renderings/compare-seeds.js';
export type { ComparisonOptions, ComparisonResult, RenderingResult } from './renderings/comparison-options.js';
export { type StrengthSweepOptions, strengthSweep } from './renderings/strength-sweep.js';
export type { ReportData } from './report/report-data.js';
export { type WriteReportOptions, type WrittenReport, writeReport } from './report/write-report.js';
export { readSweepFile, type SweepFile } from './sweeps/file/read-sweep-file.js';
export { planSweep, type RunSweepOptions, runSweep, type SweepPlan } from './sweeps/run-sweep.js';
export type { PointOutcome, SweepOutcome } from './sweeps/sweep-outcome.js';
export { type Verified, type VerifyOptions, verify } from './sweeps/verify.js';
export type { Frame } from './tensor/frame.js';
export { type RandnOptions, randn } from './tensor/randn.js';
export { type Tensor, tensor } from './tensor/tensor.js';
export type { ArtifactOptions, LoggingOptions, MetricOptions, Run } from './tracking/log/run.js';
export { type StartRunOptions, startRun } from './tracking/log/start-run.js';
export { trackRun } from './tracking/log/track-run.js';
export type { TrackingOptions } from './tracking/log/tracked-work.js';
export { type SyncedRun, type SyncOptions, syncRuns } from './tracking/mlflow/sync.js';
export { type ListRunsOptions, listRuns } from './tracking/query/list-runs.js';
export type { Artifact } from './tracking/stored/artifact-records.js';
export type { MetricHistory } from './tracking/stored/metric-history.js';
export { openRun, type StoredRun } from './tracking/stored/open-run.js';
export type { RunMetrics } from './tracking/stored/read-metrics.js';
export type { RunInput, RunRecord, RunStatus } from './tracking/stored/run-record.js';
export type { RunSummary } from './tracking/stored/run-summary.js';
export { type Finetuning, finetune } from './training/finetune/finetune.js';
export type { FinetuneOptions } from './training/finetune/options.js';
export type { Preview, PreviewOptions } from './training/finetune/preview.js';
export type { FinetuneResult } from './training/finetune/result.js';
export type { FinetuneStep } from './training/finetune/step.js';
export type { Objective, TimestepRange, Weighting } from './training/loss/denoising-batch.js';
export type { FrameSize, Region } from './video/geometry.js';
export { type GridFilesOptions, grid } from './video/layout/write-grid.js';
export { type OpenVideoOptions, openVideo } from './video/read/open-video.js';
export type { Video, VideoInput } from './video/read/video.js';
export { readPicture, writePicture } from './video/still.js';
export type { FrameTimes } from './video/times/frame-times.js';
export { type WriteVideoOptions, writeVideo } from './video/write/write-video.js';
export { type HeldOutShot, heldOutShot, type ShotFramesOptions, shotFrames } from './world/held-out-shots.js';
export type { Style } from './world/styles/styles.js';
