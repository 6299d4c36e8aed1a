// The kinds of settings' values, as plain data from which command-line parsers, the schema of sweep files and option types
// are derived. Plain data and not zod, which takes longer to load than `steadyframe --help` takes to print.

/**
 * A file of low-rank updates, with its scale if that is not 1.
 *
 * @inline
 */
export interface LoraFile {
  readonly file: string;
  readonly scale?: number;
}

/**
 * A file of learned vectors, with the word for them in prompts if the file does not state it.
 *
 * @inline
 */
export interface EmbeddingFile {
  readonly file: string;
  readonly word?: string;
}

/**
 * An edited picture that has a sidecar, or with its frame number and prompt.
 *
 * @inline
 */
export interface EditFile {
  readonly file: string;
  readonly frame?: number;
  readonly prompt?: string;
}

/**
 * A ControlNet with the kind of condition that it is shown, its weight, the part of the steps in which it acts, and where
 * another network made what it is shown, the video or folder of these pictures.
 *
 * @inline
 */
export interface ControlNetwork<Condition extends string = string> {
  readonly kind: Condition;
  readonly path: string;
  readonly scale?: number;
  readonly start?: number;
  readonly end?: number;
  readonly map?: string;
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

/** The form of values of type `T`. */
export type Kind<T> = (
  | { readonly kind: 'text' | 'path' | 'prompt' | 'size' | 'loras' | 'embeddings' | 'edits' | 'timesteps' | 'toggle' }
  | ({ readonly kind: 'whole' | 'real' | 'seconds' } & Bounds)
  | { readonly kind: 'word' | 'words' | 'controls'; readonly words: readonly string[] }
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
/** ControlNets, each with one of the given kinds of conditions. */
export const controls = <const W extends string>(words: readonly W[]): Kind<readonly ControlNetwork<W>[]> => ({
  kind: 'controls',
  words,
});
/** A range of timesteps; the second one is excluded. */
export const timesteps: Kind<readonly [number, number]> = { kind: 'timesteps' };

/** On or off. */
export const toggle: Kind<boolean> = { kind: 'toggle' };

/** A whole number of at least `least`. */
export const whole = (least: number): Kind<number> => ({ kind: 'whole', least });
/** A number within bounds. */
export const real = (bounds: Bounds): Kind<number> => ({ kind: 'real', ...bounds });
/** A time in seconds. */
export const seconds = (bounds: Bounds): Kind<number> => ({ kind: 'seconds', ...bounds });
/** One of the given words. */
export const word = <const W extends string>(words: readonly W[]): Kind<W> => ({ kind: 'word', words });
/** A list of the given words. */
export const words = <const W extends string>(all: readonly W[]): Kind<readonly W[]> => ({ kind: 'words', words: all });
