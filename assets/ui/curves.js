// @ts-check
// The curves of metrics, a plot each: over steps or time, smoothed, zoomed by dragging, with the values at the pointer.

import { findAll, hear, tell } from '../report/events.js';
import { hideTip, showTip } from '../report/plots.js';
import { axisOf, shortNumber } from './axis.js';
import { runningMean } from './chart-math.js';
import { MOST_CURVES, readCurves } from './curve-data.js';
import { choice, drawOnResize, make, svg, tick } from './draw.js';

/** @typedef {import('./runs-data.js').PageData} PageData @typedef {import('./runs-data.js').Curve} Curve */

const BOX = { left: 52, right: 12, top: 8, bottom: 24, height: 210 };
/** Initial number of plots. */
const USUAL_PLOTS = 9;
/** Number of plots next to the videos. */
const BESIDE = 2;

/** @param {HTMLElement} root @param {PageData} first */
export function startCurves(root, first) {
  let data = first;
  const keys = data.metrics.filter(({ isCurve }) => isCurve);
  const view = { over: 'step', keep: 0, log: false };
  /** The zoomed range, in units of the axis. @type {[number, number] | undefined} */
  let range;
  /** @type {Set<string>} */
  const hidden = new Set();
  /** @type {Set<string> | null} */
  let picked = null;
  const frames = Number(findAll(document, '.player')[0]?.dataset.frames ?? 0);
  /** The place next to the videos for the first curves that follow them. */
  const beside = document.querySelector('.frame-curves');
  const besideKeys = keys.filter((metric) => beside && isOverFrames(metric, frames)).slice(0, BESIDE);
  let all = keys.length <= USUAL_PLOTS + 3;

  const tools = make('div', 'chart-tools');
  const grid = make('div', 'curve-grid');
  const note = make('p', 'note chart-note');
  root.replaceChildren(tools, grid, note);
  /** @type {Map<string, ReturnType<typeof plotOf>>} */
  const plots = new Map();

  const zoomOut = make('button', 'button', 'Zoom out');
  zoomOut.addEventListener('click', () => zoom(undefined));
  const smoothing = make('label', 'choice smoothing');
  const slider = document.createElement('input');
  Object.assign(slider, { type: 'range', min: '0', max: '0.99', step: '0.01', value: '0' });
  slider.addEventListener('input', () => {
    view.keep = Number(slider.value);
    drawAll();
  });
  smoothing.append(make('span', '', 'smoothing'), slider);
  tools.append(
    choice(
      'over',
      [
        { value: 'step', title: 'steps' },
        { value: 'time', title: 'time since the start' },
      ],
      view.over,
      (over) => {
        view.over = over;
        zoom(undefined);
      },
    ),
    smoothing,
    tick('log', false, (log) => {
      view.log = log;
      drawAll();
    }),
    zoomOut,
  );

  /** @param {[number, number] | undefined} wanted */
  function zoom(wanted) {
    range = wanted;
    zoomOut.hidden = range === undefined;
    for (const plot of plots.values()) void plot.load();
  }
  function drawAll() {
    for (const plot of plots.values()) plot.draw();
  }
  function layOut() {
    const shown = all ? keys : keys.slice(0, USUAL_PLOTS);
    for (const { key, title } of shown) {
      if (plots.has(key)) continue;
      const plot = plotOf(key, title);
      plots.set(key, plot);
      const isBeside = besideKeys.some((metric) => metric.key === key);
      (isBeside && beside ? beside : grid).append(plot.figure);
    }
    const rest = keys.length - shown.length;
    const texts = [];
    if (data.runs.length > MOST_CURVES && !data.curves)
      texts.push(`The first ${MOST_CURVES} of ${data.runs.length} runs are drawn.`);
    if (shown.length > 0 && grid.childElementCount === 0)
      texts.push('The curves stand beside the videos, and follow them.');
    note.textContent = texts.join(' ');
    if (rest > 0) {
      const more = make('button', 'button', `Show ${rest} more`);
      more.addEventListener('click', () => {
        all = true;
        layOut();
      });
      note.append(' ', more);
    }
  }

  /** @param {string} key @param {string} title */
  function plotOf(key, title) {
    const figure = make('figure', 'curve');
    const place = make('div', 'chart-place');
    figure.append(make('figcaption', '', title), place);
    figure.dataset.key = key;
    /** @type {Curve[]} */
    let curves = [];
    let seen = false;
    let turn = 0;
    const colourOf = (/** @type {string} */ name) =>
      data.runs.find((run) => run.place === name)?.colour ?? 'series-none';
    const labelOf = (/** @type {string} */ name) => data.runs.find((run) => run.place === name)?.label ?? name;
    const xsOf = (/** @type {Curve} */ curve) => (view.over === 'step' ? curve.steps : curve.seconds);

    async function load() {
      if (!seen) return;
      const mine = ++turn;
      try {
        const found = await readCurves(data, key, view.over === 'step' ? range : undefined);
        if (mine !== turn) return;
        curves = found;
        figure.classList.remove('away');
      } catch {
        figure.classList.add('away');
      }
      draw();
    }

    function draw() {
      if (!seen) return;
      const shown = curves.filter((curve) => !hidden.has(curve.place));
      const width = Math.max(220, place.clientWidth);
      const inner = { width: width - BOX.left - BOX.right, height: BOX.height - BOX.top - BOX.bottom };
      const [low, high] = range ?? [-Infinity, Infinity];
      const lines = shown.map((curve) => ({ curve, xs: xsOf(curve), soft: runningMean(curve.values, view.keep) }));
      const across = axisOf(range ?? lines.flatMap(({ xs }) => (xs.length > 0 ? [xs[0], xs[xs.length - 1]] : [])), {
        exact: true,
        ticks: width / 100,
      });
      const values = function* () {
        for (const { curve, xs, soft } of lines) {
          for (let i = 0; i < xs.length; i++) {
            const value = view.keep > 0.5 ? soft[i] : curve.values[i];
            if (value !== null && xs[i] >= low && xs[i] <= high) yield value;
          }
        }
      };
      const upwards = axisOf(values(), { log: view.log, ticks: 4 });
      const atX = (/** @type {number} */ x) => BOX.left + across.at(x) * inner.width;
      const atY = (/** @type {number} */ y) => BOX.top + (1 - upwards.at(y)) * inner.height;
      const picture = svg('svg', {
        class: 'chart-svg curves',
        width,
        height: BOX.height,
        role: 'img',
        'aria-label': `${title} over ${view.over === 'step' ? 'steps' : 'seconds'}: ${shown.map(({ place: name }) => labelOf(name)).join(', ')}`,
      });
      const clip = `clip-${key.replace(/[^\w-]/g, '_')}`;
      const box = svg('clipPath', { id: clip });
      box.append(svg('rect', { x: BOX.left, y: 0, width: inner.width, height: BOX.height - BOX.bottom + 1 }));
      picture.append(box);
      for (const value of upwards.ticks) {
        picture.append(
          svg('line', { class: 'grid', x1: BOX.left, x2: width - BOX.right, y1: atY(value), y2: atY(value) }),
          svg(
            'text',
            { class: 'tick-label', x: BOX.left - 7, y: atY(value) + 4, 'text-anchor': 'end' },
            shortNumber(value),
          ),
        );
      }
      for (const value of across.ticks) {
        picture.append(
          svg(
            'text',
            { class: 'tick-label', x: atX(value), y: BOX.height - 7, 'text-anchor': 'middle' },
            shortNumber(value),
          ),
        );
      }
      const drawn = svg('g', { 'clip-path': `url(#${clip})` });
      for (const { curve, xs, soft } of lines) {
        const isOut = picked !== null && !picked.has(curve.place);
        const kind = `line ${colourOf(curve.place)}${isOut ? ' out' : ''}`;
        if (view.keep > 0)
          drawn.append(
            svg('path', {
              class: `${kind} faint`,
              d: pathThrough(xs, curve.values, atX, atY),
              'data-name': curve.place,
            }),
          );
        drawn.append(svg('path', { class: kind, d: pathThrough(xs, soft, atX, atY), 'data-name': curve.place }));
      }
      const head = svg('line', { class: 'play-line', y1: BOX.top, y2: BOX.top + inner.height, x1: -9, x2: -9 });
      const pointer = svg('line', { class: 'pointer-line', y1: BOX.top, y2: BOX.top + inner.height, x1: -9, x2: -9 });
      const stretch = svg('rect', { class: 'stretch', y: BOX.top, height: inner.height, x: 0, width: 0 });
      picture.append(drawn, head, stretch, pointer);
      if (shown.every(({ values: own }) => own.length === 0))
        picture.append(
          svg(
            'text',
            { class: 'tick-label', x: width / 2, y: BOX.height / 2, 'text-anchor': 'middle' },
            'no points yet',
          ),
        );
      place.replaceChildren(picture);

      const metric = data.metrics.find((each) => each.key === key);
      const followsFrames = view.over === 'step' && metric !== undefined && isOverFrames(metric, frames);
      showHead = (frame) => {
        const x = followsFrames ? atX(frame) : -9;
        head.setAttribute('x1', String(x));
        head.setAttribute('x2', String(x));
      };
      const valueAt = (/** @type {PointerEvent} */ event) => {
        const { left } = picture.getBoundingClientRect();
        return across.of(Math.min(1, Math.max(0, (event.clientX - left - BOX.left) / inner.width)));
      };
      picture.addEventListener('pointermove', (event) => {
        const x = valueAt(event);
        pointer.setAttribute('x1', String(atX(x)));
        pointer.setAttribute('x2', String(atX(x)));
        showTip({ x: event.clientX, y: event.clientY, width: 0, height: 0 }, [
          view.over === 'step' ? `step ${Math.round(x)}` : `${shortNumber(x)} s`,
          ...valuesNear(lines, x).map(({ name, value }) => ({
            label: labelOf(name),
            colour: colourOf(name),
            value: shortNumber(value),
          })),
        ]);
      });
      picture.addEventListener('pointerleave', () => {
        pointer.setAttribute('x1', '-9');
        pointer.setAttribute('x2', '-9');
        hideTip();
      });
      picture.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        const start = valueAt(event);
        let end = start;
        const drag = (/** @type {PointerEvent} */ moved) => {
          end = valueAt(moved);
          stretch.setAttribute('x', String(Math.min(atX(start), atX(end))));
          stretch.setAttribute('width', String(Math.abs(atX(end) - atX(start))));
        };
        const release = () => {
          removeEventListener('pointermove', drag);
          removeEventListener('pointerup', release);
          if (Math.abs(atX(end) - atX(start)) > 6) zoom([Math.min(start, end), Math.max(start, end)]);
          else if (followsFrames) tell('seek', Math.round(start));
        };
        addEventListener('pointermove', drag);
        addEventListener('pointerup', release);
      });
      picture.addEventListener('dblclick', () => zoom(undefined));
    }

    /** @type {(frame: number) => void} */
    let showHead = () => {};
    hear('frame', (frame) => showHead(frame));

    new IntersectionObserver(
      (entries, observer) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        seen = true;
        void load();
      },
      { rootMargin: '400px' },
    ).observe(figure);
    drawOnResize(place, draw);
    return { figure, draw, load };
  }

  hear('hide', ({ name, hidden: isHidden }) => {
    if (isHidden) hidden.add(name);
    else hidden.delete(name);
    drawAll();
  });
  document.addEventListener('runs-picked', (event) => {
    picked = /** @type {CustomEvent<Set<string> | null>} */ (event).detail;
    drawAll();
  });
  zoomOut.hidden = true;
  layOut();
  return (/** @type {PageData} */ newer) => {
    data = newer;
    for (const metric of newer.metrics) {
      if (metric.isCurve && !keys.some(({ key }) => key === metric.key)) keys.push(metric);
    }
    layOut();
    for (const plot of plots.values()) void plot.load();
  };
}

/** @param {number[]} xs @param {(number | null)[]} ys @param {(x: number) => number} atX @param {(y: number) => number} atY */
function pathThrough(xs, ys, atX, atY) {
  let path = '';
  let pen = false;
  for (let i = 0; i < xs.length; i++) {
    const value = ys[i];
    const y = value === null ? Number.NaN : atY(value);
    if (Number.isNaN(y)) {
      pen = false;
      continue;
    }
    path += `${pen ? 'L' : 'M'}${atX(xs[i]).toFixed(1)} ${y.toFixed(1)}`;
    // A point between two gaps is a dot.
    if (!pen && (ys[i + 1] ?? null) === null) path += 'h0';
    pen = true;
  }
  return path;
}

/** The value of each line next to a place, the greatest first. @param {{ curve: Curve, xs: number[], soft: (number | null)[] }[]} lines @param {number} x */
function valuesNear(lines, x) {
  return lines
    .flatMap(({ curve, xs, soft }) => {
      let [low, high] = [0, xs.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (xs[middle] < x) low = middle + 1;
        else high = middle;
      }
      const near = low > 0 && Math.abs(xs[low - 1] - x) < Math.abs(xs[low] - x) ? low - 1 : low;
      const value = soft[near];
      return value === null || value === undefined ? [] : [{ name: curve.place, value }];
    })
    .sort((a, b) => b.value - a.value)
    .slice(0, 14);
}

/**
 * Whether a metric's steps are the frames of the player: the last one is the last frame, or one of those before it for
 * metrics of two or three frames.
 *
 * @param {{ key: string, lastStep: number }} metric
 * @param {number} frames
 */
function isOverFrames({ key, lastStep }, frames) {
  return frames > 2 && lastStep <= frames - 1 && lastStep >= frames - 4 && !/loss|learning.?rate|gradient/i.test(key);
}
