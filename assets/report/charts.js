// @ts-check
// Charts: plotly is loaded when the first one comes near the window, and draws figures; zoom, player, legend and keys are shared.

import { hear, hiddenLines, tell } from './events.js';
import { layoutOf, pointInWords, readTheme, tracesOf, wordsOf } from './figure.js';
import { sidesOfNames } from './names.js';

/** @typedef {import('./figure.js').Figure} Figure */
/** plotly, and an element in which it has drawn. @typedef {any} Plotly @typedef {any} Drawn */
/** @typedef {{ x: number, curveNumber: number, pointIndex: number, data: { meta: string } }} Point */

/** @type {Promise<Plotly> | undefined} */
let loading;

/** Loads plotly once, when the browser has nothing else to do: from the page if it holds it, else from its server. */
function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const loaded = () => resolve(/** @type {any} */ (window).Plotly);
    const begin = () => {
      const held = document.getElementById('plotly')?.textContent;
      if (held) script.textContent = held;
      else script.src = '/assets/plotly.js';
      script.addEventListener('load', loaded);
      script.addEventListener('error', () => reject(new Error('plotly could not be loaded')));
      document.head.append(script);
      if (held) loaded();
    };
    if ('requestIdleCallback' in window) requestIdleCallback(begin, { timeout: 500 });
    else setTimeout(begin, 100);
  });
  return loading;
}

/** All charts that have been drawn, for what changes them together. @type {Set<() => void>} */
const redraws = new Set();
const redrawAll = () => {
  for (const redraw of redraws) redraw();
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
for (const event of ['beforeprint', 'afterprint']) {
  addEventListener(event, () => {
    document.documentElement.toggleAttribute('data-printing', event === 'beforeprint');
    redrawAll();
  });
}
/** The widest chart on paper, in pixels. */
const PAPER = 640;

/**
 * A chart in an element, which is empty until the element comes near the window.
 *
 * @param {HTMLElement} place
 * @param {{ onSeen?: () => void, onPoint?: (name: string) => void, onHover?: (name: string | null, event?: PointerEvent) => void }} [options] `onSeen`: called once, before it is drawn
 */
export function createChart(place, { onSeen, onPoint, onHover } = {}) {
  /** @type {Drawn} */
  const canvas = document.createElement('div');
  const said = document.createElement('p');
  const head = document.createElement('i');
  Object.assign(canvas, { className: 'chart-canvas', tabIndex: 0 });
  canvas.setAttribute('role', 'group');
  Object.assign(said, { className: 'unseen' });
  said.setAttribute('role', 'status');
  Object.assign(head, { className: 'playhead', hidden: true });
  place.replaceChildren(canvas, head, said);
  /** @type {Plotly} */
  let plotly;
  /** @type {Figure | undefined} */
  let figure;
  /** The line and the point where the keys are. */
  let at = { line: 0, point: -1 };
  let frame = 0;
  /** @type {ReadonlySet<string> | null} */
  let picked = null;
  /** @type {string[][]} */
  let sides = [];
  let seen = false;
  /** Whether another chart's zoom is being taken over. */
  let follows = false;
  let drawing = Promise.resolve();

  /** Draws once what came last while the last drawing was under way. */
  function draw() {
    drawing = drawing.then(drawNow, drawNow);
    return drawing;
  }
  async function drawNow() {
    if (!seen || !figure) return;
    const theme = readTheme(place);
    canvas.setAttribute('aria-label', wordsOf(figure));
    canvas.setAttribute('aria-busy', 'true');
    plotly ??= await loadPlotly();
    const isFirst = canvas.data === undefined;
    const drawn = figure;
    const isPaper = document.documentElement.hasAttribute('data-printing');
    const width = isPaper ? { width: Math.min(PAPER, canvas.clientWidth), autosize: false } : {};
    const react = () =>
      plotly.react(
        canvas,
        tracesOf(drawn, theme, { hidden: hiddenLines, picked, sides }),
        { ...layoutOf(drawn, theme, hiddenLines), ...width },
        config(drawn),
      );
    await react();
    const before = String(sides);
    sides = sidesOfNames(drawn, hiddenLines, canvas._fullLayout);
    if (String(sides) !== before) await react();
    if (isFirst) follow();
    subdue(isOut);
    canvas.setAttribute('aria-busy', 'false');
    for (const svg of canvas.querySelectorAll('.main-svg')) svg.setAttribute('aria-hidden', 'true');
    showHead();
  }
  // Every button is named: plotly's own choice has one that sends the chart to a server.
  const config = (/** @type {Figure} */ { title, lines }) => ({
    ...{ displaylogo: false, doubleClick: 'reset+autosize' },
    modeBarButtons: [
      ['toImage'],
      ['zoom2d', 'pan2d', ...(lines.some(({ names }) => names) ? ['select2d'] : [])],
      ['zoomIn2d', 'zoomOut2d', 'resetScale2d'],
    ],
    toImageButtonOptions: { filename: (title || 'chart').replace(/[^\w. -]+/g, '_'), scale: 2 },
  });

  /** Listens to the drawn chart. */
  function follow() {
    const nameOf = (/** @type {Point} */ { data, curveNumber, pointIndex }) =>
      figure?.lines[curveNumber].names?.[pointIndex] ?? data.meta;
    canvas.on('plotly_relayout', (/** @type {Record<string, unknown>} */ change) => {
      showHead();
      const axes = Object.keys(change).filter((key) => /^[xy]axis/.test(key));
      if (axes.length > 0 && sides.some((each) => each.length > 0)) void draw();
      const group = figure?.group;
      if (group === undefined || follows || !axes.some((key) => key.startsWith('x'))) return;
      tell('zoom', { group, range: canvas.layout.xaxis.autorange ? null : canvas.layout.xaxis.range.map(Number) });
    });
    canvas.on('plotly_click', (/** @type {{ points: Point[] }} */ { points: [point] }) => {
      if (figure?.frames !== undefined) tell('seek', Math.round(point.x - (figure.frames - 1) / 2));
      else onPoint?.(nameOf(point));
    });
    canvas.on('plotly_hover', (/** @type {{ points: Point[], event?: PointerEvent }} */ { points: [point], event }) =>
      onHover?.(nameOf(point), event),
    );
    canvas.on('plotly_unhover', () => onHover?.(null));
    canvas.on('plotly_legendclick', (/** @type {{ data: any[], curveNumber: number }} */ { data, curveNumber }) => {
      const name = data[curveNumber].meta;
      tell('hide', { name, hidden: !hiddenLines.has(name) });
      return false;
    });
    canvas.on('plotly_selected', (/** @type {{ points: Point[] } | undefined} */ chosen) => {
      const runs = chosen?.points.filter(({ curveNumber }) => figure?.lines[curveNumber].names) ?? [];
      tell('pick', runs.length > 0 ? new Set(runs.map(nameOf)) : null);
    });
    canvas.on('plotly_deselect', () => tell('pick', null));
    let width = canvas.clientWidth;
    new ResizeObserver(() => {
      // On paper a chart has the width that it was drawn with.
      if (document.documentElement.hasAttribute('data-printing')) return;
      if (canvas.clientWidth === width || canvas.clientWidth === 0) return;
      width = canvas.clientWidth;
      plotly.Plots.resize(canvas).then(showHead);
    }).observe(place);
  }

  /** Shows the player's frame as a line. */
  function showHead() {
    const axis = canvas._fullLayout?.xaxis;
    const left = axis && figure?.frames !== undefined ? axis.d2p(frame) : -1;
    head.hidden = !(left >= 0 && left <= axis?._length);
    if (head.hidden) return;
    const { t, h } = canvas._fullLayout._size;
    Object.assign(head.style, { left: `${axis._offset + left}px`, top: `${t}px`, height: `${h}px` });
  }

  const isOut = (/** @type {string} */ name) => picked !== null && !picked.has(name);
  /** Draws faintly the lines of which each arm is such. @param {(name: string) => boolean} which */
  function subdue(which) {
    for (const [i, { uid, meta }] of (canvas.data ?? []).entries()) {
      const names = figure?.lines[i]?.names ?? [meta];
      canvas.querySelector(`.trace${uid}`)?.classList.toggle('subdued', names.every(which));
    }
  }

  /** Moves along the points, or from line to line. @param {number} across @param {number} lines */
  function step(across, lines) {
    if (!figure) return;
    const shown = figure.lines.flatMap(({ faint, name, y }, i) =>
      faint || hiddenLines.has(name) || y.length === 0 ? [] : i,
    );
    if (shown.length === 0) return;
    const now = Math.max(0, shown.indexOf(at.line));
    let line = shown[(now + lines + shown.length) % shown.length];
    let point = at.point + across;
    const { length } = figure.lines[line].y;
    // Beyond the end of a line of one point is the next line.
    if (across !== 0 && at.point >= 0 && length === 1) {
      line = shown[(now + across + shown.length) % shown.length];
      point = 0;
    }
    point = Math.min(figure.lines[line].y.length - 1, Math.max(0, point));
    at = { line, point };
    plotly?.Fx.hover(canvas, [{ curveNumber: line, pointNumber: point }]);
    said.textContent = pointInWords(figure, line, point);
  }
  /** @param {number} factor */
  function zoomBy(factor) {
    const { range, type } = canvas._fullLayout.xaxis;
    if (type === 'category') return;
    const [from, to] = range.map(Number);
    const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
    plotly.relayout(canvas, { 'xaxis.range': [middle - half, middle + half] });
  }
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowRight: () => step(1, 0),
    ArrowLeft: () => step(-1, 0),
    ArrowDown: () => step(0, 1),
    ArrowUp: () => step(0, -1),
    '+': () => zoomBy(0.5),
    '-': () => zoomBy(2),
    0: () => plotly.relayout(canvas, { 'xaxis.autorange': true, 'yaxis.autorange': true }),
    Escape: () => plotly.Fx.unhover(canvas),
    Enter: () => canvas.emit('plotly_click', { points: [pointAt()] }),
  };
  const pointAt = () => {
    const data = canvas.data[at.line];
    return { x: data.x[at.point], curveNumber: at.line, pointIndex: at.point, data };
  };
  canvas.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    const act = keys[event.key];
    if (!act || event.target !== canvas || event.ctrlKey || event.metaKey || event.altKey || !canvas.data) return;
    if (event.key === 'Enter' && at.point < 0) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  canvas.addEventListener('blur', () => canvas.data && plotly.Fx.unhover(canvas));

  hear('frame', (now) => {
    frame = now;
    showHead();
  });
  hear('hide', () => void draw());
  hear('highlight', (name) => subdue(name === null ? isOut : (line) => line !== name));
  hear('pick', (names) => {
    picked = names;
    if (figure?.lines.some((line) => line.names)) void draw();
    else subdue(isOut);
  });
  hear('zoom', ({ group, range }) => {
    if (!canvas.data || group !== figure?.group) return;
    const now = canvas.layout.xaxis.autorange ? null : canvas.layout.xaxis.range;
    if (String(now) === String(range)) return;
    follows = true;
    plotly.relayout(canvas, range ? { 'xaxis.range': [...range] } : { 'xaxis.autorange': true }).finally(() => {
      follows = false;
    });
  });
  redraws.add(() => void draw());
  new IntersectionObserver(
    (entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      seen = true;
      void loadPlotly();
      onSeen?.();
      void draw();
    },
    { rootMargin: '400px' },
  ).observe(place);
  return {
    canvas,
    /** @param {Figure} newer */
    show(newer) {
      figure = newer;
      return draw();
    },
  };
}

/** Draws the figures that the page holds as data. */
export function startFigures() {
  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll('[data-figure]');
  for (const place of places) {
    const figure = JSON.parse(place.querySelector('script')?.textContent ?? '');
    void createChart(place).show(figure);
  }
}
