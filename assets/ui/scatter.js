// @ts-check
// Runs over two quantities: by default normalised warping error over edit strength, with lines that join runs which differ in
// only one setting, through the means of those that differ in their seeds too.

import { createChart } from '../report/charts.js';
import { hear, hiddenLines } from '../report/events.js';
import { textOf } from './axis.js';
import { choice, make, tick } from './draw.js';
import { alongSetting } from './join.js';
import { hidePreview, showPreview } from './preview.js';
import { isNumeric, numberIn, quantitiesOf } from './runs-data.js';

/** @typedef {import('./runs-data.js').PageData} PageData @typedef {import('./runs-data.js').RunData} RunData */
/** @typedef {import('../report/figure.js').Line} Line @typedef {{ run: RunData, x: number, y: number }} Placed */

/** Maximum number of runs that are joined by default. */
const MOST_JOINED = 100;
/** Settings that the text at a point names. */
const MOST_DETAILS = 6;

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
  const settings = first.differing.map((key) => ({ value: key, title: key }));
  const view = {
    x: known('x') ?? usual('metrics.edit_strength', 0),
    y: known('y') ?? usual('metrics.warping_error_normalised', 1),
    join:
      (first.runs.length <= MOST_JOINED && settings.find(({ value }) => /(^|\.)strength$/.test(value))?.value) || '',
    logX: false,
    logY: false,
  };
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
  const place = make('div', 'chart-place large');
  const note = make('p', 'note chart-note');
  root.replaceChildren(tools, place, note);
  const chart = createChart(place, {
    onHover(name, event) {
      const isRun = data.served && data.runs.some((run) => run.place === name);
      if (name !== null && isRun && event) showPreview(name, { x: event.clientX - 290, y: event.clientY });
      else hidePreview();
    },
    onPoint(name) {
      if (data.served) location.href = `/compare?run=${encodeURIComponent(name).replaceAll('%2F', '/')}`;
    },
  });

  function draw() {
    const [x, y] = [view.x, view.y].map(
      (value) => /** @type {typeof quantities[0]} */ (quantities.find((each) => each.value === value)),
    );
    const points = data.runs
      .map((run) => ({ run, x: numberIn(x.of(run)), y: numberIn(y.of(run)) }))
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y) && !hiddenLines.has(point.run.place))
      .filter((point) => (!view.logX || point.x > 0) && (!view.logY || point.y > 0));
    const lacking = data.runs.filter(({ place: name }) => !hiddenLines.has(name)).length - points.length;
    const isDeciding = view.x === 'metrics.edit_strength' && view.y === 'metrics.warping_error_normalised';
    const lines = view.join === '' ? [] : alongSetting(points, view.join, data.differing);
    note.textContent = [
      isDeciding
        ? 'Right is a stronger edit, down is steadier. “No edit” would lie at the left end and shows nothing.'
        : '',
      lines.some(({ deviations }) => deviations)
        ? 'Lines run through means, with the standard deviation over the rest.'
        : '',
      lacking > 0 ? `${lacking} of ${data.runs.length} runs have no place here: they lack one of the two.` : '',
    ].join(' ');
    void chart.show({
      title: `${y.title} by ${x.title}`,
      x: { title: x.title, log: view.logX, fromZero: x.group === 'metrics' },
      y: { title: y.title, log: view.logY, fromZero: y.group === 'metrics' },
      lines: [...lines, ...pointsByColour(points)],
    });
  }

  /** Points of one colour are one line of plotly's: a thousand lines would take seconds. @param {Placed[]} points */
  function pointsByColour(points) {
    /** @type {Map<string, Placed[]>} */
    const colours = new Map();
    for (const point of points) colours.set(point.run.colour, [...(colours.get(point.run.colour) ?? []), point]);
    return [...colours].map(
      ([colour, own]) =>
        /** @type {Line} */ ({
          ...{ name: colour, label: own[0].run.label, colour, kind: 'points' },
          x: own.map((point) => point.x),
          y: own.map((point) => point.y),
          names: own.map(({ run }) => run.place),
          text: own.map(({ run }) => run.label),
          details: own.map(({ run }) =>
            data.differing
              .slice(0, MOST_DETAILS)
              .map((key) => `${key} ${textOf(run.parameters[key])}`)
              .join('\n'),
          ),
        }),
    );
  }

  hear('hide', draw);
  draw();
  return (/** @type {PageData} */ newer) => {
    data = newer;
    draw();
  };
}

/** Stores a choice in the page's address. @param {Record<string, string>} what */
function remember(what) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(what)) address.searchParams.set(name, value);
  try {
    history.replaceState(null, '', address);
  } catch {
    // A page on disk cannot change its address.
  }
}
