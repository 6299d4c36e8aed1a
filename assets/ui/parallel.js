// @ts-check
// Parallel coordinates: an axis for each setting and metric, a line for each run. A marked range of an axis (by dragging
// along it, or with the arrow keys) selects the runs that pass through.

import { hear, hiddenLines, tell } from '../report/events.js';
import { axisOf, shortened, shortNumber, textOf, tickTexts } from './axis.js';
import { button, choice, drawOnResize, make, svg } from './draw.js';
import { isNumeric, numberIn, quantitiesOf } from './runs-data.js';

/** @typedef {import('./runs-data.js').PageData} PageData @typedef {import('./runs-data.js').RunData} RunData @typedef {import('./runs-data.js').Quantity} Quantity */

const LAYOUT = { side: 78, top: 54, bottom: 34, height: 400 };
/** Initial numbers of axes. */
const USUAL_AXES = { settings: 6, metrics: 4 };
/** Maximum number of lines with a wider invisible line for pointing. */
const MOST_POINTABLE = 400;
/** A mark this near to the end of an axis, as a share of it, extends to the end. */
const SNAP = 0.025;

/**
 * An axis of the chart: `at` returns the place of a run from 0 (bottom) to 1, NaN if it has no value.
 *
 * @typedef {{ quantity: Quantity, at: (run: RunData) => number, ticks: { place: number, text: string }[], textAt: (place: number) => string }} Dimension
 */

/** @param {HTMLElement} root @param {PageData} first */
export function startParallel(root, first) {
  let data = first;
  let quantities = quantitiesOf(data);
  /** Values of the shown axes, from left to right. @type {string[]} */
  let shown = [];
  /** Whether the reader has chosen axes; until then they are the usual ones of the runs that are there. */
  let isChosen = false;
  /** Marked ranges by axis, as places. @type {Map<string, [from: number, to: number]>} */
  const marks = new Map();
  /** Runs that another chart has picked. @type {ReadonlySet<string> | null} */
  let given = null;
  /** The reader's choice. @type {string | undefined} */
  let colouredBy;
  let colourBy = '';

  function takeUsual() {
    const settings = quantities.filter(({ group }) => group === 'settings that differ').slice(0, USUAL_AXES.settings);
    const metrics = quantities.filter(({ group }) => group === 'metrics').slice(0, USUAL_AXES.metrics);
    if (!isChosen) shown = [...settings, ...metrics].map(({ value }) => value);
    colourBy = colouredBy ?? (data.runs.length <= 8 ? '' : ((metrics[1] ?? metrics[0])?.value ?? ''));
  }
  const tools = make('div', 'chart-tools flow');
  const place = make('div', 'chart-place');
  const state = make('p', 'note chart-note');
  state.setAttribute('role', 'status');
  root.replaceChildren(tools, place, state);

  function drawTools() {
    const others = quantities.filter(({ value }) => !shown.includes(value));
    const numeric = quantities.filter((quantity) => isNumeric(data.runs, quantity));
    const clear = button({ hidden: marks.size === 0 }, 'Unmark all', () => {
      marks.clear();
      changed();
    });
    tools.replaceChildren(
      choice('add an axis', [{ value: '', title: '…', group: '' }, ...others], '', (value) => {
        shown = [...shown, value];
        changed();
      }),
      choice('colour by', [{ value: '', title: 'run', group: '' }, ...numeric], colourBy, (value) => {
        colouredBy = value;
        changed();
      }),
      clear,
    );
  }

  /** @returns {RunData[]} */
  const seen = () => data.runs.filter((run) => !hiddenLines.has(run.place));

  /** @param {Dimension[]} dimensions */
  function pickedRuns(dimensions) {
    const active = dimensions.filter(({ quantity }) => marks.has(quantity.value));
    if (active.length === 0) return null;
    const passes = seen().filter((run) =>
      active.every(({ quantity, at }) => {
        const [from, to] = /** @type {[number, number]} */ (marks.get(quantity.value));
        return at(run) >= from - 1e-9 && at(run) <= to + 1e-9;
      }),
    );
    return new Set(passes.map((run) => run.place));
  }

  /** Draws tools and chart again, and sends an event with the selected runs. */
  function changed() {
    isChosen = true;
    const focused = document.activeElement?.getAttribute('data-axis');
    takeUsual();
    drawTools();
    given = null;
    const picked = draw();
    tell('pick', picked);
    if (focused)
      /** @type {HTMLElement | null} */ (place.querySelector(`[data-axis="${CSS.escape(focused)}"]`))?.focus();
  }

  function draw() {
    takeUsual();
    tools.hidden = place.hidden = shown.length < 2;
    if (tools.hidden) {
      state.textContent = 'These runs differ in too little for this chart.';
      return null;
    }
    const runs = seen();
    const dimensions = shown.flatMap((value) => {
      const quantity = quantities.find((each) => each.value === value);
      return quantity ? [dimensionOf(quantity, data.runs)] : [];
    });
    const picked = pickedRuns(dimensions) ?? given;
    const width = Math.max(place.clientWidth, dimensions.length * 96);
    const length = LAYOUT.height - LAYOUT.top - LAYOUT.bottom;
    const gap = dimensions.length > 1 ? (width - 2 * LAYOUT.side) / (dimensions.length - 1) : 0;
    const atX = (/** @type {number} */ i) => LAYOUT.side + i * gap;
    const atY = (/** @type {number} */ at) => (Number.isNaN(at) ? LAYOUT.height - 12 : LAYOUT.top + (1 - at) * length);
    const picture = svg('svg', {
      class: 'chart-svg parallel',
      width,
      height: LAYOUT.height,
      role: 'group',
      'aria-label': 'Settings and metrics of each run',
    });
    const ramp = quantities.find(({ value }) => value === colourBy);
    const scale = ramp && dimensionOf(ramp, data.runs);
    const lines = svg('g', { class: runs.length > 60 ? 'many' : '' });
    for (const run of runs) {
      const path = `M${dimensions.map((dimension, i) => `${atX(i).toFixed(1)} ${atY(dimension.at(run)).toFixed(1)}`).join('L')}`;
      const line = svg('path', { class: `line ${run.colour}`, d: path, 'data-name': run.place });
      if (scale) {
        line.style.strokeDasharray = 'none';
        const share = scale.at(run);
        line.style.stroke = Number.isNaN(share)
          ? 'var(--line)'
          : `color-mix(in oklab, var(--s1) ${Math.round(100 * share)}%, var(--s0))`;
      }
      const isOut = picked !== null && !picked.has(run.place);
      line.classList.toggle('out', isOut);
      if (isOut) lines.prepend(line);
      else lines.append(line);
      if (isOut || runs.length > MOST_POINTABLE) continue;
      const around = svg('path', { class: 'around', d: path });
      around.addEventListener('pointermove', () => {
        tell('highlight', run.place);
        const values = dimensions.map(({ quantity }) => `${quantity.title} ${textOf(quantity.of(run))}`);
        state.textContent = `${run.label}: ${values.join(', ')}`;
      });
      around.addEventListener('pointerleave', () => {
        tell('highlight', null);
        say(picked, runs.length);
      });
      lines.append(around);
    }
    picture.append(lines);
    for (const [i, dimension] of dimensions.entries())
      picture.append(axis(dimension, i, { x: atX(i), length, gap, atX }));
    place.replaceChildren(picture);
    say(picked, runs.length);
    return picked;
  }

  /** @param {ReadonlySet<string> | null} picked @param {number} all */
  function say(picked, all) {
    state.textContent =
      picked === null
        ? `${all} runs. Drag along an axis to pick out runs; drag its name to move it.`
        : `${picked.size} of ${all} runs ${marks.size > 0 ? 'pass through what is marked' : 'are picked'}.`;
    if (picked === null || picked.size === 0 || !data.served) return;
    const query = new URLSearchParams([...picked].map((place) => ['run', place]));
    state.append(' ', make('a', { href: `/compare?${query}` }, `Compare these ${picked.size}`));
  }

  /**
   * @param {Dimension} dimension
   * @param {number} index
   * @param {{ x: number, length: number, gap: number, atX: (i: number) => number }} layout
   */
  function axis({ quantity, ticks, textAt }, index, { x, length, gap, atX }) {
    const { value, title } = quantity;
    const mark = marks.get(value);
    const group = svg('g', { class: 'dimension', transform: `translate(${x} 0)` });
    const words = mark ? `${title}, marked from ${textAt(mark[0])} to ${textAt(mark[1])}` : title;
    const handle = svg('g', {
      class: 'handle',
      tabindex: 0,
      ...{ role: 'slider', 'aria-orientation': 'vertical', 'aria-valuemin': 0, 'aria-valuemax': 100 },
      ...{ 'aria-valuenow': Math.round(100 * (mark?.[1] ?? 1)), 'aria-valuetext': words },
      'data-axis': value,
      'aria-label': `${title}. Arrow keys mark and move, Escape unmarks, Delete removes the axis.`,
    });
    const name = svg(
      'text',
      { class: 'axis-name', x: 0, y: 22, 'text-anchor': 'middle' },
      shortened(shortTitle(title), Math.max(10, gap / 7.6)),
    );
    name.append(svg('title', {}, title));
    const remove = svg(
      'text',
      { class: 'axis-remove', x: 0, y: 38, 'text-anchor': 'middle', role: 'button', 'aria-label': `Remove ${title}` },
      '×',
    );
    handle.append(
      name,
      svg('rect', { class: 'axis-zone', x: -13, y: LAYOUT.top, width: 26, height: length }),
      svg('line', { class: 'axis-line', x1: 0, x2: 0, y1: LAYOUT.top, y2: LAYOUT.top + length }),
    );
    for (const { place: at, text } of ticks) {
      const y = LAYOUT.top + (1 - at) * length;
      handle.append(
        svg('line', { class: 'axis-line', x1: -4, x2: 0, y1: y, y2: y }),
        svg('text', { class: 'tick-label', x: -8, y: y + 4, 'text-anchor': 'end' }, shortened(text, 12)),
      );
    }
    const brush = svg('rect', { class: 'brush', x: -9, width: 18, y: 0, height: 0 });
    const showBrush = (/** @type {[number, number] | undefined} */ range) => {
      brush.setAttribute('y', String(range ? LAYOUT.top + (1 - range[1]) * length : 0));
      brush.setAttribute('height', String(range ? Math.max(3, (range[1] - range[0]) * length) : 0));
    };
    showBrush(mark);
    handle.append(brush);
    group.append(handle, remove);

    const placeAt = (/** @type {PointerEvent} */ event) => {
      const top = picture().getBoundingClientRect().top + LAYOUT.top;
      const at = 1 - (event.clientY - top) / length;
      return at < SNAP ? 0 : at > 1 - SNAP ? 1 : at; // includes the runs at the end
    };
    const picture = () => /** @type {Element} */ (place.querySelector('svg'));
    handle.addEventListener('pointerdown', (event) => {
      if (event.target === name) return moveAxis(event);
      event.preventDefault();
      const start = placeAt(event);
      const inside = mark && start > mark[0] && start < mark[1] ? mark : undefined;
      /** @type {[number, number] | undefined} */
      let range;
      const drag = (/** @type {PointerEvent} */ moved) => {
        const now = placeAt(moved);
        if (inside) {
          const shift = Math.min(1 - inside[1], Math.max(-inside[0], now - start));
          range = [inside[0] + shift, inside[1] + shift];
        } else if (Math.abs(now - start) > 0.01) range = [Math.min(start, now), Math.max(start, now)];
        showBrush(range);
      };
      untilReleased(drag, () => setMark(range));
    });
    /** @param {PointerEvent} event */
    function moveAxis(event) {
      event.preventDefault();
      const start = event.clientX;
      let shift = 0;
      untilReleased(
        (moved) => {
          shift = moved.clientX - start;
          group.setAttribute('transform', `translate(${x + shift} 0)`);
        },
        () => {
          const to = shown.findIndex((_, i) => Math.abs(atX(i) - x - shift) <= gap / 2 + 1);
          moveTo(to < 0 ? (shift < 0 ? 0 : shown.length - 1) : to);
        },
      );
    }
    const moveTo = (/** @type {number} */ to) => {
      const rest = shown.filter((each) => each !== value);
      rest.splice(Math.min(rest.length, Math.max(0, to)), 0, value);
      shown = rest;
      changed();
    };
    const takeAway = () => {
      if (shown.length <= 2) return;
      shown = shown.filter((each) => each !== value);
      marks.delete(value);
      changed();
    };
    remove.addEventListener('click', takeAway);
    handle.addEventListener('keydown', (event) => {
      const [from, to] = mark ?? [0.75, 1];
      const by = event.shiftKey ? 0.02 : 0.1;
      /** @type {Record<string, () => void>} */
      const keys = {
        ArrowLeft: () => moveTo(index - 1),
        ArrowRight: () => moveTo(index + 1),
        ArrowUp: () => setMark(mark ? [from + Math.min(by, 1 - to), Math.min(1, to + by)] : [from, to]),
        ArrowDown: () => setMark(mark ? [Math.max(0, from - by), to - Math.min(by, from)] : [0, 0.25]),
        '+': () => setMark([Math.max(0, from - by), Math.min(1, to + by)]),
        '-': () => setMark(to - from > 2 * by ? [from + by, to - by] : [from, to]),
        Escape: () => setMark(undefined),
        Delete: takeAway,
      };
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
    const setMark = (/** @type {[number, number] | undefined} */ range) => {
      if (range) marks.set(value, range);
      else marks.delete(value);
      changed();
    };
    return group;
  }

  hear('hide', () => void draw());
  hear('pick', (names) => {
    given = names;
    draw();
  });
  hear('highlight', (name) => {
    for (const line of place.querySelectorAll('.line'))
      line.classList.toggle('subdued', name !== null && line.getAttribute('data-name') !== name);
  });
  drawOnResize(place, draw);
  draw();
  drawTools();
  return (/** @type {PageData} */ newer) => {
    const offered = String(quantities.map(({ value }) => value));
    data = newer;
    quantities = quantitiesOf(data);
    draw();
    if (String(quantities.map(({ value }) => value)) !== offered) drawTools();
  };
}

/** Follows the pointer until it is released. @param {(event: PointerEvent) => void} onMove @param {() => void} onEnd */
function untilReleased(onMove, onEnd) {
  const listening = new AbortController();
  const end = () => {
    listening.abort();
    onEnd();
  };
  addEventListener('pointermove', onMove, listening);
  for (const event of ['pointerup', 'pointercancel']) addEventListener(event, end, listening);
}

/** An axis of numbers where all values are, else one of the different texts. @param {Quantity} quantity @param {RunData[]} runs @returns {Dimension} */
function dimensionOf(quantity, runs) {
  if (isNumeric(runs, quantity)) {
    const numbers = runs.map((run) => numberIn(quantity.of(run))).filter(Number.isFinite);
    const different = [...new Set(numbers)].sort((a, b) => a - b);
    const [low, high] = [different[0], different[different.length - 1]];
    const scale = axisOf(numbers, { log: low > 0 && high / low >= 1000, ticks: 6 });
    // A setting with few values has these as ticks instead of round numbers.
    const apart = different.every((value, i) => i === 0 || scale.at(value) - scale.at(different[i - 1]) > 0.05);
    const ticks = quantity.group !== 'metrics' && different.length <= 8 && apart ? different : scale.ticks;
    const texts = tickTexts(ticks);
    return {
      quantity,
      at: (run) => (quantity.of(run) === undefined ? Number.NaN : scale.at(numberIn(quantity.of(run)))),
      ticks: ticks.map((value, i) => ({ place: scale.at(value), text: texts[i] })),
      textAt: (place) => shortNumber(scale.of(place), 6),
    };
  }
  const texts = [...new Set(runs.map(quantity.of).filter((value) => value !== undefined))].map(String);
  texts.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const placeOf = (/** @type {string} */ text) => (texts.length === 1 ? 0.5 : texts.indexOf(text) / (texts.length - 1));
  const every = Math.ceil(texts.length / 14);
  return {
    quantity,
    at: (run) => (quantity.of(run) === undefined ? Number.NaN : placeOf(String(quantity.of(run)))),
    ticks: texts.filter((_, i) => i % every === 0).map((text) => ({ place: placeOf(text), text })),
    textAt: (place) => texts[Math.round(place * (texts.length - 1))] ?? '',
  };
}

/** A title without its unit, which its tooltip has. @param {string} title */
function shortTitle(title) {
  return title.replace(/ \([^)]*\)$/, '');
}
