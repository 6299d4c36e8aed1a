// The reason for skipping a test, in the title of the test or its suite, only if it is skipped.

/**
 * The end of a title: empty if the requirement exists, else the reason in brackets, which the summary of `npm test` shows.
 * Use as `describe.skipIf(!git)(`gitState${skipNote(git, 'git is missing')}`, ...)`.
 */
export function skipNote(there: unknown, reason: string): string {
  return there ? '' : ` [skipped: ${reason}]`;
}
