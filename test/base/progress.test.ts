// Progress: the output of a reporter to a terminal, to a file, and without output, with a clock of the test.

import { describe, expect, it } from 'vitest';
import {
  createEstimator,
  createProgressReporter,
  formatSeconds,
  type ProgressReporterOptions,
} from '../../src/lib/base/progress.js';

function harness(options: Partial<ProgressReporterOptions> & { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  const clock = { milliseconds: 0 };
  const { isTTY, columns, ...rest } = options;
  const reporter = createProgressReporter({
    stream: { write: (text) => written.push(text), isTTY, columns },
    env: {},
    now: () => clock.milliseconds,
    ...rest,
  });
  return { written, clock, ...reporter };
}

describe('createEstimator', () => {
  it('knows nothing at first, then multiplies the pace by what is left', () => {
    let time = 0;
    const estimate = createEstimator(10, () => time);
    expect(estimate(0)).toBeUndefined();
    time = 2000;
    expect(estimate(1)).toBe(18);
    time = 3000;
    expect(estimate(1)).toBe(17);
    time = 4000;
    expect(estimate(2)).toBe(16);
    expect(estimate(10)).toBe(0);
  });

  it('does not count what a resumed run already had as its own pace', () => {
    let time = 0;
    const estimate = createEstimator(300, () => time);
    expect(estimate(200)).toBeUndefined();
    time = 1000;
    expect(estimate(210)).toBe(9);
  });

  it('forgets a slow start', () => {
    let time = 0;
    const estimate = createEstimator(1000, () => time);
    estimate(0);
    time = 100_000;
    for (let done = 1; done <= 30; done++) {
      estimate(done);
      time += 1000;
    }
    time -= 1000;
    expect(estimate(30)).toBe(970);
  });
});

it('writes seconds as people read them', () => {
  expect([0, 7.2, 59.5, 65, 7389].map(formatSeconds)).toEqual(['0 s', '8 s', '1:00', '1:05', '2:03:09']);
});

describe('createProgressReporter', () => {
  it('rewrites one line on a terminal and ends it', () => {
    const { written, clock, report } = harness({ isTTY: true, env: { NO_COLOR: '1' } });
    report({ done: 0, total: 4, label: 'frames' });
    clock.milliseconds = 1000;
    report({ done: 1, total: 4, label: 'frames' });
    clock.milliseconds = 4000;
    report({ done: 4, total: 4, label: 'frames' });
    expect(written).toEqual([
      '\r\x1b[2Kframes  ░░░░░░░░░░░░░░░░░░░░░░░░  0/4  0 %',
      '\r\x1b[2Kframes  ██████░░░░░░░░░░░░░░░░░░  1/4  25 %  3 s left',
      '\r\x1b[2Kframes  ████████████████████████  4/4  100 %',
      '\n',
    ]);
  });

  it('limits its rate, but always prints the first and the last report', () => {
    const { written, clock, report } = harness();
    for (let done = 0; done <= 100; done++) {
      clock.milliseconds = done * 100;
      report({ done, total: 100, label: 'frames' });
    }
    report({ done: 100, total: 100, label: 'frames' });
    expect(written).toEqual(['frames  0/100  0 %\n', 'frames  50/100  50 %  5 s left\n', 'frames  100/100  100 %\n']);
  });

  it('prints plain lines to a dumb terminal', () => {
    const { written, report } = harness({ isTTY: true, env: { TERM: 'dumb' } });
    report({ done: 1, total: 2, label: 'frames', secondsLeft: 70 });
    expect(written).toEqual(['frames  1/2  50 %  1:10 left\n']);
  });

  it('colours the bar on a terminal only, and not with NO_COLOR', () => {
    const bars = [harness({ isTTY: true }), harness({ isTTY: true, env: { NO_COLOR: '1' } }), harness()].map(
      ({ written, report }) => {
        report({ done: 1, total: 2, label: 'frames' });
        return written.join('').includes('\x1b[36m');
      },
    );
    expect(bars).toEqual([true, false, false]);
  });

  it('stays narrower than the terminal', () => {
    const { written, report } = harness({ isTTY: true, columns: 30, env: { NO_COLOR: '1' } });
    report({ done: 1, total: 2, label: 'a rather long label for so narrow a terminal' });
    expect(written[0].replace('\r\x1b[2K', '').length).toBe(29);
  });

  it('starts a new line for a new label, and for work that starts again', () => {
    const { written, report, close } = harness({ isTTY: true, env: { NO_COLOR: '1' } });
    report({ done: 0, total: 2, label: 'a' });
    report({ done: 0, total: 2, label: 'b' });
    report({ done: 2, total: 2, label: 'b' });
    report({ done: 0, total: 2, label: 'b' });
    close();
    close();
    expect(written.filter((text) => text === '\n').length).toBe(3);
    expect(written.filter((text) => text.includes('b  ')).length).toBe(3);
  });

  it('puts notes above the progress line', () => {
    const { written, clock, report, note } = harness({ isTTY: true, env: { NO_COLOR: '1' } });
    report({ done: 0, total: 2, label: 'a' });
    note('warning: the prompt was cut');
    clock.milliseconds = 50;
    report({ done: 1, total: 2, label: 'a' });
    expect(written.slice(1)).toEqual([
      '\r\x1b[2K',
      'warning: the prompt was cut\n',
      '\r\x1b[2Ka  ████████████░░░░░░░░░░░░  1/2  50 %  1 s left',
    ]);
  });

  it('prints nothing when silent', () => {
    const { written, report, note, close } = harness({ silent: true, isTTY: true });
    report({ done: 0, total: 2, label: 'a' });
    note('x');
    close();
    expect(written).toEqual([]);
  });
});
