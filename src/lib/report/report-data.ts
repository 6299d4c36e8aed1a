// The data of a report, as plain JSON. The other files of this folder draw it.

/**
 * A number, or null where it is undefined, or infinite as the PSNR of identical frames: JSON has no infinity.
 *
 * @inline
 */
export type ReportValue = number | null;

/**
 * A report. Everything but `title` and `arms` is optional; the page omits the parts without data.
 *
 * @inline
 */
export interface ReportData {
  readonly title: string;
  /** What was done and the results, in words: one text per paragraph. */
  readonly summary?: string | readonly string[];
  /** The claims, with their verdicts. */
  readonly claims?: readonly ReportClaim[];
  /** Model, video, prompt and so on, under the title. */
  readonly facts?: readonly ReportFact[];
  /** Length and frame rate of all videos. Required if there are videos. */
  readonly shot?: ReportShot;
  /** The compared arms: each has a row of the table, a video and a curve. */
  readonly arms: readonly ReportArm[];
  /** Names of the arms that the player shows at first, row by row; the first four with a video by default. */
  readonly grid?: readonly string[];
  /** Descriptions of further metrics, or that replace the library's. */
  readonly metrics?: Readonly<Record<string, ReportMetric>>;
  /** Names of the metrics whose curves are beside the player; frame difference and warping error by default. */
  readonly curves?: readonly string[];
  /** The main scatter plot; derived from the arms' metrics by default. */
  readonly decision?: ReportDecision;
  readonly training?: ReportTraining;
  readonly pictures?: readonly ReportPictures[];
  readonly settings?: readonly ReportSetting[];
  /** Versions, hashes, machine, duration. */
  readonly provenance?: readonly ReportFact[];
}

/**
 * A name and its value, as text.
 *
 * @inline
 */
export interface ReportFact {
  readonly name: string;
  readonly value: string;
}

/**
 * One claim and its verdict.
 *
 * @inline
 */
export interface ReportClaim {
  readonly claim: string;
  readonly expected: string;
  readonly measured: string;
  /** Null if the numbers do not decide it. */
  readonly held: boolean | null;
  readonly note?: string;
}

/**
 * The form shared by all videos.
 *
 * @inline
 */
export interface ReportShot {
  /** Frames per second. Must be exact, as frames are located by it: 30000 / 1001, not 29.97. */
  readonly frameRate: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A compared arm.
 *
 * @inline
 */
export interface ReportArm {
  /** Unique; other parts refer to it. */
  readonly name: string;
  /** The name shown on the page. */
  readonly label: string;
  /** One sentence about it. */
  readonly note?: string;
  /** `source`: the original; `floor`: edits or learns nothing; `plain`: the unchanged model; `method`: what is tested. */
  readonly kind?: 'source' | 'floor' | 'plain' | 'method';
  /** An mp4 or WebM file: its path or a `data:` URI for `writeReport`, a URL relative to the page for `renderReport`. */
  readonly video?: string;
  /** Strength, guidance scale, first timestep and so on, by their column headings. */
  readonly settings?: Readonly<Record<string, string | number | boolean | null>>;
  /** Each metric of the whole video; absent where it does not apply. */
  readonly metrics?: Readonly<Record<string, ReportValue>>;
  /** Each metric over time; value t belongs to the frames t to t + `ReportMetric.frames` - 1. */
  readonly perFrame?: Readonly<Record<string, readonly ReportValue[]>>;
}

/**
 * The description of a metric.
 *
 * @inline
 */
export interface ReportMetric {
  /** Short, for column headings. */
  readonly title: string;
  /** Unit or range; empty for a pure number. */
  readonly unit: string;
  /** Columns of one group are shown together under this heading. */
  readonly group: string;
  /** What it measures and how to read it, in one or two sentences. */
  readonly explanation: string;
  /** Number of successive frames that one value of its curve covers; 1 by default. */
  readonly frames?: number;
  /** Whether its axis starts at zero; true by default. */
  readonly fromZero?: boolean;
}

/**
 * A point of the scatter plot.
 *
 * @inline
 */
export interface ReportPoint {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** The arm whose colour it takes. */
  readonly arm?: string;
}

/**
 * A scatter plot of two metrics, with the plain model's curve.
 *
 * @inline
 */
export interface ReportDecision {
  /** Metric of the horizontal axis; `edit_strength` by default. */
  readonly x?: string;
  /** Metric of the vertical axis; `warping_error_normalised` by default. */
  readonly y?: string;
  /** Reference curves, such as the plain model at all strengths; points in order. */
  readonly curves?: readonly { readonly label: string; readonly points: readonly ReportPoint[] }[];
  /** Further points; by default each arm that has both metrics and is on no curve. */
  readonly points?: readonly ReportPoint[];
  /** Lower bounds on the vertical axis, such as the source's own value. */
  readonly floors?: readonly { readonly label: string; readonly y: number }[];
  /** How to read the plot. */
  readonly note?: string;
}

/**
 * The course of a training: lists of equal length, one entry per recorded iteration.
 *
 * @inline
 */
export interface ReportTraining {
  readonly iterations: readonly number[];
  readonly loss: readonly ReportValue[];
  readonly learningRate?: readonly ReportValue[];
  readonly gradientNorm?: readonly ReportValue[];
  readonly checkpoints?: readonly ReportCheckpoint[];
  readonly note?: string;
}

/**
 * An iteration at which weights were saved or a preview was rendered.
 *
 * @inline
 */
export interface ReportCheckpoint {
  readonly iteration: number;
  /** A preview: path or `data:` URI of a picture. */
  readonly picture?: string;
  readonly metrics?: Readonly<Record<string, ReportValue>>;
  /** Whether these are the weights that were used. */
  readonly chosen?: boolean;
}

/**
 * A group of pictures, such as edit proposals or a contact sheet.
 *
 * @inline
 */
export interface ReportPictures {
  readonly title: string;
  readonly note?: string;
  readonly pictures: readonly ReportPicture[];
}

/**
 * One picture.
 *
 * @inline
 */
export interface ReportPicture {
  /** Path of a PNG, JPEG, WebP or GIF file, or a `data:` URI. */
  readonly src: string;
  /** Alternative text. */
  readonly alt: string;
  readonly caption?: string;
  /** Whether it is the one that was used. */
  readonly chosen?: boolean;
}

/**
 * A setting, with the published recipe's value where there is one.
 *
 * @inline
 */
export interface ReportSetting {
  readonly name: string;
  readonly value: string;
  /** The published recipe's value. Rows where `value` differs are marked. */
  readonly published?: string;
  /** Explanation, or the reason for the difference. */
  readonly note?: string;
  /** Rows of one group are shown under this heading. */
  readonly group?: string;
}
