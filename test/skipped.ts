// Why a test is skipped, as text in the title of the test or its suite: only there, and only where it really is skipped.

/**
 * The end of a title: empty where what the test needs is there, else the reason in brackets, which the summary of `npm test` shows.
 * Use as `describe.skipIf(!git)(`gitState${skipNote(git, 'git is missing')}`, ...)`.
 */
export function skipNote(there: unknown, reason: string): string {
  return there ? '' : ` [skipped: ${reason}]`;
}
