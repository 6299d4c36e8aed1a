// Captions describe the picture with the words of the list.

import { describe, expect, it } from 'vitest';
import { createGenerator } from '../../src/lib/base/random.js';
import { CAPTION_WORDS, caption } from '../../src/lib/world/sampling/captions.js';
import { createDrive } from '../../src/lib/world/street/drive.js';
import { STYLES } from '../../src/lib/world/styles/styles.js';

const samples = Array.from({ length: 6000 }, (_, i) => {
  const drive = createDrive(i);
  const style = STYLES[i % STYLES.length];
  return { drive, style, text: caption(drive, style, { generator: createGenerator(i + 1e6) }) };
});

describe('caption', () => {
  it('says everything, and always the same, without a generator', () => {
    const night = createDrive(3, { time: 'night', car: 'red' });
    expect(caption(night, 'photo')).toBe('a photo of a city street at night with a red car');
    expect(caption(createDrive(3, { time: 'day', car: 'orange' }), 'neon')).toBe(
      'a cyberpunk neon painting of a city street at night with an orange car',
    );
    expect(caption(createDrive(3, { time: 'day', car: null }), 'pencil')).toBe(
      'a pencil sketch of a city street by day',
    );
    expect(caption(night, 'oil', { nameCar: false })).toBe('an oil painting of a city street at night');
  });

  it('is made of listed words only, and each listed word occurs', () => {
    const used = new Set(samples.flatMap(({ text }) => text.split(' ').filter(Boolean)));
    expect([...used].filter((word) => !CAPTION_WORDS.includes(word))).toEqual([]);
    expect(CAPTION_WORDS.filter((word) => !used.has(word))).toEqual([]);
    expect(CAPTION_WORDS).toEqual([...new Set(CAPTION_WORDS)].sort());
  });

  it('is empty one time in ten, and leaves the car out half of the time', () => {
    const said = samples.filter(({ text }) => text !== '');
    // Three standard deviations of 6000 draws.
    expect(Math.abs(1 - said.length / samples.length - 0.1)).toBeLessThan(0.012);
    const withCar = said.filter(({ drive }) => drive.car);
    const named = withCar.filter(({ text }) => text.includes('car'));
    expect(Math.abs(named.length / withCar.length - 0.5)).toBeLessThan(0.03);
  });

  it('never names a car or a colour that is not there, nor calls a street with a car empty', () => {
    for (const { drive, style, text } of samples) {
      const words = text.split(' ');
      const [, colour] = text.match(/(\w+) car\b/) ?? [];
      if (colour) expect([text, colour]).toEqual([text, drive.car?.colour]);
      else expect([text, words.includes('car')]).toEqual([text, false]);
      if (drive.car) expect([text, words.includes('empty')]).toEqual([text, false]);
      if (drive.trees === 0) expect([text, words.includes('trees')]).toEqual([text, false]);
      if (style === 'neon') expect([text, words.includes('day')]).toEqual([text, false]);
    }
  });
});
