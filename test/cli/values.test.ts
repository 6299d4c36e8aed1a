// The syntax of options' values.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { resumeCommand } from '../../src/cli/context.js';
import { addSettings, control, lora } from '../../src/cli/setting-flags.js';
import { formatNumber, formatTable, formatTimestep } from '../../src/cli/table.js';
import { integer, listOf, number, oneOf, rectangle, seconds, size } from '../../src/cli/values.js';
import { formatBytes } from '../../src/lib/base/format-bytes.js';
import { DENOISE } from '../../src/lib/settings/table.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();

describe('times', () => {
  it.each([
    ['3.2s', 3.2],
    ['3.2', 3.2],
    ['0', 0],
    ['.5', 0.5],
    ['90', 90],
    ['1:03.2', 63.2],
    ['0:03s', 3],
    ['1:02:03.5', 3723.5],
  ])('%s are %d seconds', (text, value) => {
    expect(seconds(text)).toBeCloseTo(value, 12);
  });

  it.each(['', 's', '-1', '3,2', '1:60', '1:75.5', '1:2:3:4', '3m', 'abc', '1e3', 'Infinity'])(
    '"%s" is none',
    (text) => {
      expect(() => seconds(text)).toThrow(/Expected seconds/);
    },
  );
});

describe('a preset', () => {
  it.each([
    ['--preset fast', { sampler: 'dpmpp-2m', steps: 20 }],
    ['--steps 30 --preset fast', { sampler: 'dpmpp-2m', steps: 30 }],
    ['--preset fast --steps 30', { sampler: 'dpmpp-2m', steps: 30 }],
    ['--steps 50 --preset draft', { sampler: 'dpmpp-2m', steps: 50 }],
    ['--sampler ddim --preset draft', { sampler: 'ddim', steps: 10 }],
  ])('%s leaves what is given by itself', (line, expected) => {
    const command = addSettings(new Command(), DENOISE).parse(line.split(' '), { from: 'user' });
    expect(command.opts()).toMatchObject(expected);
  });
});

describe('LoRA files', () => {
  it.each([
    ['style.safetensors', { file: 'style.safetensors' }],
    ['style.safetensors:0.8', { file: 'style.safetensors', scale: 0.8 }],
    ['style.safetensors:-1', { file: 'style.safetensors', scale: -1 }],
    ['style.safetensors:.5', { file: 'style.safetensors', scale: 0.5 }],
    ['style.safetensors:1e-1', { file: 'style.safetensors', scale: 0.1 }],
    ['C:\\loras\\style.safetensors', { file: 'C:\\loras\\style.safetensors' }],
    ['C:\\loras\\style.safetensors:2', { file: 'C:\\loras\\style.safetensors', scale: 2 }],
    ['a:b.safetensors', { file: 'a:b.safetensors' }],
    ['a:1:b.safetensors:0.3', { file: 'a:1:b.safetensors', scale: 0.3 }],
    ['style:', { file: 'style:' }],
  ])('%s', (text, expected) => {
    expect(lora(text)).toEqual(expected);
  });

  it('is the file itself where a file has that very name', () => {
    const file = join(scratch, 'take:2');
    writeFileSync(file, '');
    expect(lora(file)).toEqual({ file });
    expect(lora(`${file}:3`)).toEqual({ file, scale: 3 });
  });
});

describe('controls', () => {
  it.each([
    ['canny=net', { kind: 'canny', path: 'net' }],
    ['tile=a/b.safetensors:0.8', { kind: 'tile', path: 'a/b.safetensors', scale: 0.8 }],
    ['canny=net:1:0.2-0.8', { kind: 'canny', path: 'net', scale: 1, start: 0.2, end: 0.8 }],
    ['canny=C:\\net:.5:0-.6', { kind: 'canny', path: 'C:\\net', scale: 0.5, start: 0, end: 0.6 }],
    ['tile=a=b:c', { kind: 'tile', path: 'a=b:c' }],
    ['tile=net,map=a,b=c.mp4', { kind: 'tile', path: 'net', map: 'a,b=c.mp4' }],
    ['canny=net:0.8:0-0.5,map=d/', { kind: 'canny', path: 'net', scale: 0.8, start: 0, end: 0.5, map: 'd/' }],
  ])('%s', (text, expected) => {
    expect(control(text, ['canny', 'tile'])).toEqual(expected);
  });

  it.each(['net', 'depth=net', '=net', 'canny='])('%s is refused', (text) => {
    expect(() => control(text, ['canny', 'tile'])).toThrow(
      'Expected KIND=MODEL[:WEIGHT[:START-END]][,map=FILE] with KIND one of canny',
    );
  });
});

describe('numbers, lists, sizes and rectangles', () => {
  it('are read', () => {
    expect(number('0.45')).toBe(0.45);
    expect(integer('-7')).toBe(-7);
    expect(listOf(number)('0.45, 0.75')).toEqual([0.45, 0.75]);
    expect(listOf(oneOf(['fixed', 'per-frame']))('fixed,per-frame')).toEqual(['fixed', 'per-frame']);
    expect(size('512')).toBe(512);
    expect(size('768x432')).toEqual({ width: 768, height: 432 });
    expect(rectangle('0,0,192,96')).toEqual({ x: 0, y: 0, width: 192, height: 96 });
  });

  it.each([
    [number, ''],
    [number, '1,5'],
    [number, 'Infinity'],
    [integer, '1.5'],
    [integer, '9007199254740993'],
    [listOf(number), '0.45,'],
    [oneOf(['fixed']), 'Fixed'],
    [size, '512x'],
    [size, '-8'],
    [size, '1.5'],
    [rectangle, '0,0,1'],
    [rectangle, '0,0,1,-1'],
    [rectangle, '0,0,1,1,1'],
    [rectangle, '0,0,,1'],
  ] as [(text: string) => unknown, string][])('are refused by %o: "%s"', (parse, text) => {
    expect(() => parse(text)).toThrow(/Expected/);
  });
});

describe('output', () => {
  it('has numbers with sensible digits', () => {
    const numbers = [0, 1, 0.0012345, 1.23456e-7, 20.912, 12345.6, null, undefined, Infinity];
    expect(numbers.map(formatNumber)).toEqual(['0', '1.000', '0.001234', '1.23e-7', '20.91', '12346', '-', '-', 'inf']);
    expect([421, 298.749].map(formatTimestep)).toEqual(['421', '298.7']);
    expect([999, 1000, 3.44e9, 123.4e6].map(formatBytes)).toEqual(['999 bytes', '1.0 kB', '3.4 GB', '123 MB']);
  });

  it('sets numbers flush right and texts flush left', () => {
    const table = formatTable(
      ['name', 'value', 'file'],
      [
        ['a', '1.5', 'x.mp4'],
        ['long name', '-', 'yy.mp4'],
      ],
    );
    expect(table).toBe('name       value  file\na            1.5  x.mp4\nlong name      -  yy.mp4\n');
  });

  it('quotes for a shell what needs it', () => {
    const args = ['sweep', 'my shot.mp4', '--prompt', "it's night", '--model', 'a/b.c'];
    expect(resumeCommand(args)).toBe(
      "steadyframe sweep 'my shot.mp4' --prompt 'it'\\''s night' --model a/b.c --resume",
    );
    expect(resumeCommand(['sweep', '--resume'])).toBe('steadyframe sweep --resume');
  });
});
