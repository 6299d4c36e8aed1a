// The kinds of errors of a call. The command, not this file, prints them and chooses the exit code.

/** The request is impossible: a bad option, a missing file, a tensor of the wrong shape. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The request was fine and the work failed: a full disk, NaN latents, a device that does not start. Exit code 1. */
export class FailureError extends Error {
  override name = 'FailureError';
}

/** A computed number is NaN or infinite: a repeat would end in the same way. */
export class NonFiniteError extends FailureError {
  override name = 'NonFiniteError';
}

/**
 * Stored data changed after they were written. They are computed again if possible; else it is a failure that names them.
 */
export class DamageError extends FailureError {
  override name = 'DamageError';
}
