// What a report shows, as plain JSON. How it is drawn is in the other files of this folder; nothing here knows of HTML.

/** A number that may be undefined; JSON has no infinity, so PSNR of identical frames (infinite) is null there. */
export type ReportValue = number | null;

/** A report: everything but `title` and `arms` may be left out, and its part of the page then is too. */
export interface ReportData {
  readonly title: string;
  /** What was done and what came out, in words: one text a paragraph. */
  readonly summary?: string | readonly string[];
  /** What was expected, and whether it was so. */
  readonly claims?: readonly ReportClaim[];
  /** Model, video, prompt and the like, under the title. */
  readonly facts?: readonly ReportFact[];
  /** Length and rate of the videos, all alike. Needed where there are videos. */
  readonly shot?: ReportShot;
  /** What is compared: one row of the table, one video, one curve each. */
  readonly arms: readonly ReportArm[];
  /** Names of the arms that the player shows at first, row by row; the first four with a video by default. */
  readonly grid?: readonly string[];
  /** Metrics beyond the library's own, or other words for those. */
  readonly metrics?: Readonly<Record<string, ReportMetric>>;
  /** Names of the metrics whose curves stand beside the player; frame difference and warping error by default. */
  readonly curves?: readonly string[];
  /** The scatter plot that decides; drawn from the arms' metrics where it is absent. */
  readonly decision?: ReportDecision;
  readonly training?: ReportTraining;
  readonly pictures?: readonly ReportPictures[];
  readonly settings?: readonly ReportSetting[];
  /** Versions, hashes, machine, time taken. */
  readonly provenance?: readonly ReportFact[];
}

/** A name and its value, both in words. */
export interface ReportFact {
  readonly name: string;
  readonly value: string;
}

/** One claim and its verdict. */
export interface ReportClaim {
  readonly claim: string;
  readonly expected: string;
  readonly measured: string;
  /** Null where the numbers do not decide it. */
  readonly held: boolean | null;
  readonly note?: string;
}

/** The form that all videos share. */
export interface ReportShot {
  /** Frames per second; a frame is found by it, so it must be exact (a fraction such as 30000 / 1001 where it is one). */
  readonly frameRate: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

/** One of the things compared. */
export interface ReportArm {
  /** By which other parts refer to it. Unique. */
  readonly name: string;
  /** How it is called on the page. */
  readonly label: string;
  /** One sentence about it. */
  readonly note?: string;
  /** `source`: the original; `floor`: an arm that edits nothing or learns nothing; `plain`: the model as it came; `method`: what is tried. */
  readonly kind?: 'source' | 'floor' | 'plain' | 'method';
  /** An mp4 or WebM file: its path or a `data:` URI for `writeReport`, a URL relative to the page for `renderReport`. */
  readonly video?: string;
  /** Strength, guidance scale, first timestep and the like, by the names that head their columns. */
  readonly settings?: Readonly<Record<string, string | number | boolean | null>>;
  /** Each metric over the whole video; absent where it does not apply. */
  readonly metrics?: Readonly<Record<string, ReportValue>>;
  /** Each metric over time; value t belongs to the frames t to t + `ReportMetric.frames` - 1. */
  readonly perFrame?: Readonly<Record<string, readonly ReportValue[]>>;
}

/** How a metric is shown and explained. */
export interface ReportMetric {
  /** As short as a column's head. */
  readonly title: string;
  /** Unit or range; an empty text for a pure number. */
  readonly unit: string;
  /** Columns of one group stand together under this heading. */
  readonly group: string;
  /** What it measures and how to read it, in a sentence or two. */
  readonly explanation: string;
  /** How many successive frames one value of its curve looks at; 1 unless said. */
  readonly frames?: number;
  /** Whether its axis starts at zero; true unless said. */
  readonly fromZero?: boolean;
}

/** A point of the scatter plot. */
export interface ReportPoint {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** The arm whose colour it takes. */
  readonly arm?: string;
}

/** The plane of two metrics, with what the plain model reaches in it. */
export interface ReportDecision {
  /** Metric to the right; `edit_strength` by default. */
  readonly x?: string;
  /** Metric upwards; `warping_error_normalised` by default. */
  readonly y?: string;
  /** Curves to be compared with, such as the plain model through all strengths; points in order. */
  readonly curves?: readonly { readonly label: string; readonly points: readonly ReportPoint[] }[];
  /** Points beside the curves; by default each arm that has both metrics and stands on no curve. */
  readonly points?: readonly ReportPoint[];
  /** Values upwards that nothing can be expected to fall below, such as the source's own. */
  readonly floors?: readonly { readonly label: string; readonly y: number }[];
  /** What to read from it. */
  readonly note?: string;
}

/** A training's course: lists of equal length, one entry a recorded iteration. */
export interface ReportTraining {
  readonly iterations: readonly number[];
  readonly loss: readonly ReportValue[];
  readonly learningRate?: readonly ReportValue[];
  readonly gradientNorm?: readonly ReportValue[];
  readonly checkpoints?: readonly ReportCheckpoint[];
  readonly note?: string;
}

/** A moment of the training at which weights were kept or a preview was rendered. */
export interface ReportCheckpoint {
  readonly iteration: number;
  /** A preview: path or `data:` URI of a picture. */
  readonly picture?: string;
  readonly metrics?: Readonly<Record<string, ReportValue>>;
  /** Whether these are the weights that were used. */
  readonly chosen?: boolean;
}

/** Pictures that belong together: edit proposals, a contact sheet. */
export interface ReportPictures {
  readonly title: string;
  readonly note?: string;
  readonly pictures: readonly ReportPicture[];
}

/** One picture. */
export interface ReportPicture {
  /** Path of a PNG, JPEG, WebP or GIF file, or a `data:` URI. */
  readonly src: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  readonly caption?: string;
  /** Whether it is the one that was used. */
  readonly chosen?: boolean;
}

/** A setting, and the published recipe's where it has one. */
export interface ReportSetting {
  readonly name: string;
  readonly value: string;
  /** What the published recipe says. Rows in which it is not `value` are marked. */
  readonly published?: string;
  /** Why it differs, or what it means. */
  readonly note?: string;
  /** Rows of one group stand under this heading. */
  readonly group?: string;
}
