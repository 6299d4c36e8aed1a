// Crop and scale as arithmetic.

import { describe, expect, it } from 'vitest';
import { cropSentence, planGeometry } from '../../src/lib/video/geometry.js';

const source = (width: number, height: number, pixelAspect = 1) => ({ name: 'x', width, height, pixelAspect });

describe('one number is the shorter side', () => {
  it.each([
    [1920, 1080, 1, 512, 912, 512, 2],
    [1080, 1920, 1, 512, 512, 912, 2],
    [960, 506, 1, 512, 968, 512, 4],
    [480, 480, 1, 512, 512, 512, 0],
    [640, 360, 1, 128, 224, 128, 10],
    [720, 576, 16 / 15, 512, 680, 512, 2],
    [1440, 1080, 4 / 3, 512, 912, 512, 2],
    [2560, 1080, 1, 768, 1824, 768, 2],
  ])('%dx%d, pixels %d, at %d: %dx%d', (width, height, pixel, size, w, h, cut) => {
    const planned = planGeometry(source(width, height, pixel), { size });
    expect([planned.width, planned.height]).toEqual([w, h]);
    const { region } = planned;
    const lost = width - region.width + (height - region.height);
    expect(lost).toBe(cut);
    // The remaining part has the aspect ratio of the frames, up to rounding to a pixel pair.
    expect(Math.abs(((region.width * pixel) / region.height) * (h / w) - 1)).toBeLessThan(2 / Math.min(width, height));
  });
});

it('crops to both sides, and says what is cropped', () => {
  const planned = planGeometry(source(1920, 1080), { size: { width: 512, height: 512 } });
  expect(planned).toEqual({ region: { x: 420, y: 0, width: 1080, height: 1080 }, width: 512, height: 512 });
  expect(cropSentence(source(1920, 1080), planned)).toBe(
    "'x': frames of 512x512 show the middle 1080x1080 of 1920x1080 (56 %)",
  );
  expect(cropSentence(source(480, 480), planGeometry(source(480, 480), { size: 512 }))).toBeUndefined();
});

it('fits other frames as the rendering that they come from was made', () => {
  for (const options of [{ size: 512 }, { size: { width: 256, height: 512 } }, {}]) {
    const rendered = planGeometry(source(963, 507), options);
    expect(planGeometry(source(963, 507), { fit: rendered })).toEqual(rendered);
  }
});

it('names sides that are not multiples of 8', () => {
  expect(() => planGeometry(source(64, 64), { size: 100 })).toThrow(/a size of 100 .* nearest are 96 and 104/);
});
