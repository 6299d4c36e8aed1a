// The journals of a rendering's work folder that others know by name.

export const LATENTS = 'latents.f32';
export const ROUND_TRIP = 'round-trip.rgb';

/** Journals that can be reused for the same video and autoencoder in another work folder. */
export const ENCODED_JOURNALS: readonly string[] = [LATENTS, ROUND_TRIP];

/** The journal of the frames read, which every process fills again. */
export const SOURCE_JOURNAL = 'source.rgb';
