// The API documentation: everything that the package exports says what it is.

import { expect, it } from 'vitest';
import { readSurface, undocumented } from '../../scripts/docs.js';

it('every exported function, type, constant and option has a docblock', { timeout: 300_000 }, async () => {
  const { project } = await readSurface();
  expect(project.children?.length).toBeGreaterThan(80);
  expect(undocumented(project)).toEqual([]);
  // The check itself: without its comment a function and an option are named.
  const named = (name: string) => project.getChildByName(name);
  const show = named('show');
  if (show?.isDeclaration()) for (const signature of show.signatures ?? []) delete signature.comment;
  const option = named('ShowOptions.width');
  if (option) delete option.comment;
  expect(undocumented(project)).toEqual([
    expect.stringMatching(/^ShowOptions\.width in .*src\/lib\/notebook\/show-options\.ts$/),
    expect.stringMatching(/^show in .*src\/lib\/notebook\/show\.ts$/),
  ]);
});
