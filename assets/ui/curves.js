// @ts-check
// The curves of metrics, a chart each: over steps or time, smoothed, in more detail for a zoomed part.

import { createChart } from '../report/charts.js';
import { findAll, hear } from '../report/events.js';
import { runningMean } from './chart-math.js';
import { button, choice, make, tick } from './draw.js';

/** @typedef {import('./runs-data.js').PageData} PageData @typedef {import('./runs-data.js').Curve} Curve */

/** Initial number of charts. */
const USUAL_PLOTS = 9;
/** Number of requested points per curve: about two per pixel of a chart. */
const POINTS = 900;
/** Maximum number of runs whose curves are drawn. */
const MOST_CURVES = 40;
/** Number of charts next to the videos. */
const BESIDE = 2;

/** @param {HTMLElement} root @param {PageData} first */
export function startCurves(root, first) {
  let data = first;
  const keys = data.metrics.filter(({ isCurve }) => isCurve);
  const view = { over: 'step', keep: 0, log: false };
  /** The zoomed steps of frames and of iterations. @type {Map<string, [number, number]>} */
  const ranges = new Map();
  const framesNow = () => Number(findAll(document, '.player')[0]?.dataset.frames ?? 0);
  const frames = framesNow();
  /** The place next to the videos for the first curves that follow them. */
  const beside = document.querySelector('.frame-curves');
  const besideKeys = keys.filter((metric) => beside && isOverFrames(metric, frames)).slice(0, BESIDE);
  let all = keys.length <= USUAL_PLOTS + 3;

  const tools = make('div', 'chart-tools flow');
  const grid = make('div', 'curve-grid');
  const note = make('p', 'note chart-note');
  root.replaceChildren(tools, grid, note);
  /** @type {Map<string, ReturnType<typeof plotOf>>} */
  const plots = new Map();

  const slider = make('input', { type: 'range', min: 0, max: 0.99, step: 0.01, value: 0 });
  const smoothing = make('label', 'choice smoothing', make('span', '', 'smoothing'), slider);
  const change = (/** @type {Partial<typeof view>} */ what) => {
    Object.assign(view, what);
    for (const plot of plots.values()) plot.draw();
  };
  slider.addEventListener('input', () => change({ keep: Number(slider.value) }));
  const axes = [
    { value: 'step', title: 'steps' },
    { value: 'time', title: 'time since the start' },
  ];
  tools.append(
    choice('over', axes, view.over, (over) => change({ over })),
    smoothing,
    tick('log', false, (log) => change({ log })),
  );

  function layOut() {
    const shown = all ? keys : keys.slice(0, USUAL_PLOTS);
    for (const metric of shown) {
      if (plots.has(metric.key)) continue;
      const plot = plotOf(metric);
      plots.set(metric.key, plot);
      const isBeside = besideKeys.some(({ key }) => key === metric.key);
      (isBeside && beside ? beside : grid).append(plot.place);
    }
    const rest = keys.length - shown.length;
    const texts = [];
    if (data.runs.length > MOST_CURVES && !data.curves)
      texts.push(`The first ${MOST_CURVES} of ${data.runs.length} runs are drawn.`);
    if (shown.length > 0 && grid.childElementCount === 0)
      texts.push('The curves stand beside the videos, and follow them.');
    note.textContent = texts.join(' ');
    if (rest > 0) {
      const more = () => {
        all = true;
        layOut();
      };
      note.append(' ', button({}, `Show ${rest} more`, more));
    }
  }

  /** @param {PageData['metrics'][0]} metric */
  function plotOf(metric) {
    const { key, title } = metric;
    const follows = isOverFrames(metric, frames);
    /** The frames that a value covers, in whose middle it is drawn. */
    const covered = frames - metric.lastStep;
    const group = follows ? 'frames' : 'iterations';
    const canvas = make('div', 'chart-place');
    const place = make('figure', { class: 'plot', 'data-key': key }, make('figcaption', '', title), canvas);
    /** @type {Curve[]} */
    let curves = [];
    let seen = false;
    let turn = 0;

    async function load() {
      if (!seen) return;
      const mine = ++turn;
      try {
        const found = await readCurves(data, key, view.over === 'step' ? ranges.get(group) : undefined);
        if (mine !== turn) return;
        curves = found;
        place.classList.remove('away');
      } catch {
        place.classList.add('away');
      }
      draw();
    }
    const chart = createChart(canvas, {
      onSeen() {
        seen = true;
        void load();
      },
    });
    function draw() {
      if (!seen) return;
      const { over, keep, log } = view;
      const lines = curves.flatMap(({ place: name, steps, seconds, values }) => {
        const run = data.runs.find((each) => each.place === name);
        const x = over === 'time' ? seconds : follows ? steps.map((step) => step + (covered - 1) / 2) : steps;
        const line = { name, label: run?.label ?? name, colour: run?.colour ?? 'series-none', x };
        const raw = { ...line, y: values };
        return keep === 0
          ? [raw]
          : [
              { ...raw, faint: true },
              { ...line, y: runningMean(values, keep) },
            ];
      });
      void chart.show({
        ...{ title, lines, y: { title: '', log } },
        ...(over === 'time'
          ? { x: { title: 'seconds' }, group: 'seconds' }
          : follows
            ? { x: { title: 'frame', include: [0, frames - 1] }, group, frames: covered }
            : { x: { title: 'step' }, group }),
      });
    }
    return { place, draw, load, group };
  }

  hear('zoom', ({ group, range }) => {
    if (range) ranges.set(group, range);
    else ranges.delete(group);
    for (const plot of plots.values()) if (plot.group === group && !data.curves) void plot.load();
  });
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

/**
 * The curves of a metric, one per run.
 *
 * @param {PageData} data
 * @param {string} key
 * @param {[from: number, to: number] | undefined} range of steps
 * @returns {Promise<Curve[]>}
 */
async function readCurves(data, key, range) {
  if (data.curves) return data.curves.filter((curve) => curve.key === key);
  const query = new URLSearchParams({ key, points: String(POINTS) });
  for (const run of data.runs.slice(0, MOST_CURVES)) query.append('run', run.place);
  if (range) {
    query.set('from', String(range[0]));
    query.set('to', String(range[1]));
  }
  const response = await fetch(`/api/curves?${query}`);
  if (!response.ok) throw new Error((await response.json()).problem);
  return (await response.json()).curves;
}
