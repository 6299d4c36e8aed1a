// How things are shown, whatever they are.

/** How it is shown. */
export interface ShowOptions {
  /** Pixels across; pictures and videos are drawn at their own size by default. */
  readonly width?: number;
  /** A line of text under it. */
  readonly caption?: string;
  /** For files: what scripts would see otherwise, and videos that are too large for a notebook; `shown` by default. */
  readonly folder?: string;
  /** Largest video, in bytes, that is put into the notebook itself; 4,000,000 by default. */
  readonly embedBelow?: number;
}

/** Options with every default in place. */
export type ShowSettings = Required<Omit<ShowOptions, 'width' | 'caption'>> & Pick<ShowOptions, 'width' | 'caption'>;

/** Fills in defaults. */
export function showSettings(options: ShowOptions = {}): ShowSettings {
  return { ...options, folder: options.folder ?? 'shown', embedBelow: options.embedBelow ?? 4_000_000 };
}
