// The API documentation: every export has a docblock and refers only to exported names.

import { expect, it } from 'vitest';
import { readSurface, undocumented, unreachable } from '../../scripts/docs.js';

it('every exported function, type, constant and option has a docblock, and no type is out of reach', {
  timeout: 300_000,
}, async () => {
  const { app, project } = await readSurface();
  expect(project.children?.length).toBeGreaterThan(80);
  expect(project.children?.length).toBeLessThan(120);
  expect(undocumented(project)).toEqual([]);
  expect(unreachable(app, project)).toEqual([]);
  // A test of the check itself: a function and an option without their comments are reported.
  const named = (name: string) => project.getChildByName(name);
  const show = named('show');
  if (show?.isDeclaration()) for (const signature of show.signatures ?? []) delete signature.comment;
  const option = named('ShowOptions.width');
  if (option) delete option.comment;
  expect(undocumented(project)).toEqual([
    expect.stringMatching(/^ShowOptions\.width in .*src\/lib\/notebook\/show-options\.ts$/),
    expect.stringMatching(/^show in .*src\/lib\/notebook\/show\.ts$/),
  ]);
  app.options.setValue('intentionallyNotExported', []);
  const lists = ['DEVICES', 'NOISE_MODES', 'SAMPLERS', 'STYLES'];
  expect(unreachable(app, project).map((message) => message.split(',')[0])).toEqual(lists);
});
