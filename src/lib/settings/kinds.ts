// What the value of a setting may be, as plain data: command-line parsers, the schema of sweep files and option types are made from
// it. Plain data and not zod, which takes longer to load than `steadyframe --help` takes to print.

/**
 * A file of low-rank updates, with its scale where that is not 1.
 *
 * @inline
 */
export interface LoraFile {
  readonly file: string;
  readonly scale?: number;
}

/**
 * A file of learned vectors, with the word that stands for them where the file does not say.
 *
 * @inline
 */
export interface EmbeddingFile {
  readonly file: string;
  readonly word?: string;
}

/**
 * An edited picture with a sidecar, or with the number of its frame and its prompt.
 *
 * @inline
 */
export interface EditFile {
  readonly file: string;
  readonly frame?: number;
  readonly prompt?: string;
}

/** The shorter side in pixels, or both. */
export type Size = number | { readonly width: number; readonly height: number };

/** The bounds of a number; `above` and `below` are excluded. */
export interface Bounds {
  readonly least?: number;
  readonly most?: number;
  readonly above?: number;
  readonly below?: number;
}

/** What values of type `T` look like. */
export type Kind<T> = (
  | { readonly kind: 'text' | 'path' | 'prompt' | 'size' | 'loras' | 'embeddings' | 'edits' | 'timesteps' }
  | ({ readonly kind: 'whole' | 'real' | 'seconds' } & Bounds)
  | { readonly kind: 'word' | 'words'; readonly words: readonly string[] }
) & {
  /** Carries the type; never set. */
  readonly type?: T;
};

export const text: Kind<string> = { kind: 'text' };
export const path: Kind<string> = { kind: 'path' };
/** A text that may be empty. */
export const promptText: Kind<string> = { kind: 'prompt' };
export const size: Kind<Size> = { kind: 'size' };
export const loras: Kind<readonly LoraFile[]> = { kind: 'loras' };
export const embeddings: Kind<readonly EmbeddingFile[]> = { kind: 'embeddings' };
export const edits: Kind<readonly EditFile[]> = { kind: 'edits' };
/** Timesteps from the first one up to the second one, which is excluded. */
export const timesteps: Kind<readonly [number, number]> = { kind: 'timesteps' };

/** A whole number of at least `least`. */
export const whole = (least: number): Kind<number> => ({ kind: 'whole', least });
/** A number within bounds. */
export const real = (bounds: Bounds): Kind<number> => ({ kind: 'real', ...bounds });
/** A time in seconds. */
export const seconds = (bounds: Bounds): Kind<number> => ({ kind: 'seconds', ...bounds });
/** One of some words. */
export const word = <const W extends string>(words: readonly W[]): Kind<W> => ({ kind: 'word', words });
/** Some of some words. */
export const words = <const W extends string>(all: readonly W[]): Kind<readonly W[]> => ({ kind: 'words', words: all });
