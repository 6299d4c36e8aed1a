// The ways in which a call can be wrong. What prints them and chooses an exit code is the command, not this file.

/** The caller asked for something that cannot be: a bad option, a missing file, a mis-shaped tensor. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The request was fine and the work failed: a full disk, NaN latents, a device that does not start. Exit code 1. */
export class FailureError extends Error {
  override name = 'FailureError';
}

/** A number that was computed is NaN or infinite: the same work would end in the same way. */
export class NonFiniteError extends FailureError {
  override name = 'NonFiniteError';
}

/** Something that was stored is not as it was written. What can be made again is made again; else it is a failure that names it. */
export class DamageError extends FailureError {
  override name = 'DamageError';
}
