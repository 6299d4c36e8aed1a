// Options of showing, for every kind.

/** Options of showing. */
export interface ShowOptions {
  /** Width in pixels; by default pictures and videos have their own size. */
  readonly width?: number;
  /** A caption below. */
  readonly caption?: string;
  /** Folder for outputs of scripts, and for videos that are too large for a notebook; `shown` by default. */
  readonly folder?: string;
  /** Maximum size of a video that is embedded in the notebook, in bytes; 4,000,000 by default. */
  readonly embedBelow?: number;
}

/** Options with defaults. */
export type ShowSettings = Required<Omit<ShowOptions, 'width' | 'caption'>> & Pick<ShowOptions, 'width' | 'caption'>;

/** Fills in defaults. */
export function showSettings(options: ShowOptions = {}): ShowSettings {
  return { ...options, folder: options.folder ?? 'shown', embedBelow: options.embedBelow ?? 4_000_000 };
}
