// @ts-check
// A scatter plot of runs over two quantities: by default normalised warping error over edit strength, with lines that join
// runs which differ in only one setting.

import { hear, tell } from '../report/events.js';
import { hideTip, showTip } from '../report/plots.js';
import { axisOf, shortNumber } from './axis.js';
import { choice, drawOnResize, make, svg, tick } from './draw.js';
import { isNumeric, numberIn, quantitiesOf } from './runs-data.js';

/** @typedef {import('./runs-data.js').PageData} PageData @typedef {import('./runs-data.js').RunData} RunData */

const PLOT = { left: 64, right: 18, top: 14, bottom: 48, height: 440 };
/** Maximum number of points with names. */
const MOST_NAMES = 40;
/** Maximum number of runs that are joined by default. */
const MOST_JOINED = 100;

/**
 * Draws the chart into its place; returns a function that draws it again for newer data.
 *
 * @param {HTMLElement} root
 * @param {PageData} first
 */
export function startScatter(root, first) {
  let data = first;
  const quantities = quantitiesOf(data).filter((quantity) => isNumeric(data.runs, quantity));
  if (quantities.length < 2) {
    root.append(make('p', 'empty', 'These runs have fewer than two numbers to be compared by.'));
    return () => {};
  }
  const usual = (/** @type {string} */ name, /** @type {number} */ other) =>
    quantities.some(({ value }) => value === name) ? name : quantities[other].value;
  const asked = new URLSearchParams(location.search);
  const known = (/** @type {string} */ name) => quantities.find(({ value }) => value === asked.get(name))?.value;
  const settings = first.differing.map((key) => ({ value: `params.${key}`, title: key }));
  const view = {
    x: known('x') ?? usual('metrics.edit_strength', 0),
    y: known('y') ?? usual('metrics.warping_error_normalised', 1),
    join:
      (first.runs.length <= MOST_JOINED && settings.find(({ value }) => /(^|\.)strength$/.test(value))?.value) || '',
    logX: false,
    logY: false,
  };
  /** Places of hidden runs, and of those that the other chart has selected. @type {Set<string>} */
  const hidden = new Set();
  /** @type {Set<string> | null} */
  let picked = null;

  const tools = make('div', 'chart-tools');
  const change = (/** @type {Partial<typeof view>} */ what) => {
    Object.assign(view, what);
    remember({ x: view.x, y: view.y });
    draw();
  };
  tools.append(
    choice('to the right', quantities, view.x, (x) => change({ x })),
    tick('log', view.logX, (logX) => change({ logX })),
    choice('upwards', quantities, view.y, (y) => change({ y })),
    tick('log', view.logY, (logY) => change({ logY })),
    choice('lines along', [{ value: '', title: 'nothing' }, ...settings], view.join, (join) => change({ join })),
  );
  const place = make('div', 'chart-place');
  const note = make('p', 'note chart-note');
  root.replaceChildren(tools, place, note);

  function draw() {
    const [x, y] = [view.x, view.y].map(
      (value) => /** @type {typeof quantities[0]} */ (quantities.find((each) => each.value === value)),
    );
    const points = data.runs
      .map((run) => ({ run, x: numberIn(x.of(run)), y: numberIn(y.of(run)) }))
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y) && !hidden.has(point.run.place))
      .filter((point) => (!view.logX || point.x > 0) && (!view.logY || point.y > 0));
    const lacking = data.runs.length - hidden.size - points.length;
    const isDeciding = view.x === 'metrics.edit_strength' && view.y === 'metrics.warping_error_normalised';
    note.textContent = [
      isDeciding
        ? 'Right is a stronger edit, down is steadier. “No edit” would lie at the left end and shows nothing.'
        : '',
      lacking > 0 ? `${lacking} of ${data.runs.length} runs have no place here: they lack one of the two.` : '',
    ].join(' ');
    const width = Math.max(320, place.clientWidth);
    const across = axisOf(
      points.map((point) => point.x),
      { log: view.logX, fromZero: x.group === 'metrics', ticks: width / 110 },
    );
    const upwards = axisOf(
      points.map((point) => point.y),
      { log: view.logY, fromZero: y.group === 'metrics', ticks: 6 },
    );
    const inner = { width: width - PLOT.left - PLOT.right, height: PLOT.height - PLOT.top - PLOT.bottom };
    const atX = (/** @type {number} */ value) => PLOT.left + across.at(value) * inner.width;
    const atY = (/** @type {number} */ value) => PLOT.top + (1 - upwards.at(value)) * inner.height;
    const picture = svg('svg', {
      class: 'chart-svg scatter',
      width,
      height: PLOT.height,
      role: 'group',
      'aria-label': `${y.title} against ${x.title}`,
    });
    for (const value of across.ticks) {
      picture.append(
        svg('line', { class: 'grid', x1: atX(value), x2: atX(value), y1: PLOT.top, y2: PLOT.top + inner.height }),
        svg(
          'text',
          { class: 'tick-label', x: atX(value), y: PLOT.top + inner.height + 17, 'text-anchor': 'middle' },
          shortNumber(value),
        ),
      );
    }
    for (const value of upwards.ticks) {
      picture.append(
        svg('line', { class: 'grid', x1: PLOT.left, x2: PLOT.left + inner.width, y1: atY(value), y2: atY(value) }),
        svg(
          'text',
          { class: 'tick-label', x: PLOT.left - 8, y: atY(value) + 4, 'text-anchor': 'end' },
          shortNumber(value),
        ),
      );
    }
    picture.append(
      svg(
        'text',
        { class: 'axis-label', x: PLOT.left + inner.width / 2, y: PLOT.height - 8, 'text-anchor': 'middle' },
        x.title,
      ),
      svg(
        'text',
        {
          class: 'axis-label',
          x: 14,
          y: PLOT.top + inner.height / 2,
          'text-anchor': 'middle',
          transform: `rotate(-90 14 ${PLOT.top + inner.height / 2})`,
        },
        y.title,
      ),
    );
    /** Areas that names must not cover: points, and pieces of the lines. */
    const taken = points.map((point) => ({ x: atX(point.x) - 7, y: atY(point.y) - 7, w: 14, h: 14 }));
    for (const line of joined(points)) {
      const corners = line.map((point) => ({ x: atX(point.x), y: atY(point.y) }));
      const path = corners.map(({ x: left, y: top }) => `${left.toFixed(1)} ${top.toFixed(1)}`).join('L');
      picture.append(svg('path', { class: 'join', d: `M${path}` }));
      for (let i = 1; i < corners.length && points.length <= MOST_NAMES; i++) {
        const [from, to] = [corners[i - 1], corners[i]];
        for (let share = 0.05; share < 1; share += 0.05) {
          taken.push({ x: from.x + share * (to.x - from.x) - 1, y: from.y + share * (to.y - from.y) - 1, w: 2, h: 2 });
        }
      }
    }
    for (const point of points) {
      const { run } = point;
      const words = `${run.label}: ${x.title} ${shortNumber(point.x)}, ${y.title} ${shortNumber(point.y)}`;
      const dot = svg('circle', {
        class: `dot ${run.colour}`,
        cx: atX(point.x),
        cy: atY(point.y),
        r: points.length > 200 ? 4 : 6.5,
        tabindex: 0,
        role: 'img',
        'aria-label': words,
        'data-name': run.place,
      });
      if (picked && !picked.has(run.place)) dot.classList.add('subdued');
      const show = () => {
        showTip(dot.getBoundingClientRect(), [
          { label: run.label, colour: run.colour, value: '' },
          `${x.title} ${shortNumber(point.x)}`,
          `${y.title} ${shortNumber(point.y)}`,
          ...data.differing.slice(0, 6).map((key) => `${key} ${run.parameters[key] ?? '–'}`),
        ]);
        tell('highlight', run.place);
      };
      const leave = () => {
        hideTip();
        tell('highlight', null);
      };
      dot.addEventListener('pointerenter', show);
      dot.addEventListener('focus', show);
      dot.addEventListener('pointerleave', leave);
      dot.addEventListener('blur', leave);
      picture.append(dot);
      if (points.length <= MOST_NAMES)
        nameBeside(picture, run.label, { x: atX(point.x), y: atY(point.y) }, taken, width);
    }
    place.replaceChildren(picture);
  }

  /** Points of runs that differ in one setting, in its order. @param {{ run: RunData, x: number, y: number }[]} points */
  function joined(points) {
    if (!view.join) return [];
    const key = view.join.replace(/^params\./, '');
    const others = data.differing.filter((each) => each !== key && !/seed$/.test(each));
    /** @type {Map<string, typeof points>} */
    const lines = new Map();
    for (const point of points) {
      if (point.run.parameters[key] === undefined) continue;
      const alike = JSON.stringify(others.map((each) => point.run.parameters[each] ?? null));
      lines.set(alike, [...(lines.get(alike) ?? []), point]);
    }
    const value = (/** @type {typeof points[0]} */ point) => numberIn(point.run.parameters[key]);
    // Several runs with the same value would make the line unreadable.
    const isLine = (/** @type {typeof points} */ line) =>
      line.length > 1 && new Set(line.map(value)).size === line.length;
    return [...lines.values()].filter(isLine).map((line) => line.sort((a, b) => value(a) - value(b)));
  }

  hear('hide', ({ name, hidden: isHidden }) => {
    if (isHidden) hidden.add(name);
    else hidden.delete(name);
    draw();
  });
  document.addEventListener('runs-picked', (event) => {
    picked = /** @type {CustomEvent<Set<string> | null>} */ (event).detail;
    draw();
  });
  drawOnResize(place, draw);
  draw();
  return (/** @type {PageData} */ newer) => {
    data = newer;
    draw();
  };
}

/**
 * A name on a free side of its point; none if every side is taken.
 *
 * @param {SVGElement} picture
 * @param {string} name
 * @param {{ x: number, y: number }} at
 * @param {{ x: number, y: number, w: number, h: number }[]} taken
 * @param {number} width
 */
function nameBeside(picture, name, { x, y }, taken, width) {
  const w = name.length * 6.3 + 4;
  const sides = [
    { x: x + 11, y: y - 7 },
    { x: x - 11 - w, y: y - 7 },
    { x: x - w / 2, y: y - 24 },
    { x: x - w / 2, y: y + 11 },
    { x: x + 6, y: y - 22 },
    { x: x + 6, y: y + 9 },
    { x: x - 6 - w, y: y - 22 },
    { x: x - 6 - w, y: y + 9 },
  ];
  const free = sides.find(
    (side) =>
      side.x > PLOT.left &&
      side.x + w < width &&
      side.y > 0 &&
      side.y + 14 < PLOT.height - PLOT.bottom &&
      !taken.some(
        (box) => side.x < box.x + box.w && box.x < side.x + w && side.y < box.y + box.h && box.y < side.y + 14,
      ),
  );
  if (!free) return;
  taken.push({ ...free, w, h: 14 });
  picture.append(svg('text', { class: 'point-name', x: free.x + 2, y: free.y + 11 }, name));
}

/** Stores a choice in the page's address. @param {Record<string, string>} what */
export function remember(what) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(what)) address.searchParams.set(name, value);
  try {
    history.replaceState(null, '', address);
  } catch {
    // A page on disk cannot change its address.
  }
}
