// Names derived from videos' names.

import { expect, it } from 'vitest';
import { shotName } from '../../src/lib/video/shot-name.js';

it.each([
  ['a/b/My shot (1).mp4', 'My-shot-1-'],
  ['frames/', 'frames'],
  ['städte.mp4', 'st-dte'],
  ['日本.mp4', '-'],
  ['.mp4', '.mp4'],
])('calls %s %s', (video, name) => {
  expect(shotName(video)).toBe(name);
});
