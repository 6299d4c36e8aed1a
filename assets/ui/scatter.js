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
  /** @type {ReturnType<typeof quantitiesOf>} */
  let quantities = [];
  const asked = new URLSearchParams(location.search);
  /** What the reader has chosen. @type {{ x?: string, y?: string, join?: string, logX?: boolean, logY?: boolean }} */
  const chosen = { x: asked.get('x') ?? undefined, y: asked.get('y') ?? undefined };
  const tools = make('div', 'chart-tools flow');
  const change = (/** @type {typeof chosen} */ what) => {
    Object.assign(chosen, what);
    const address = new URL(location.href);
    for (const axis of /** @type {const} */ (['x', 'y'])) address.searchParams.set(axis, view()[axis]);
    if (data.served) history.replaceState(null, '', address);
    draw();
  };
  /** What the reader has chosen, and the usual choice where nothing of that is there. */
  function view() {
    const known = (/** @type {(string | undefined)[]} */ ...names) =>
      names.find((name) => quantities.some(({ value }) => value === name)) ?? '';
    const strength = data.differing.find((key) => /(^|\.)strength$/.test(key)) ?? '';
    const { x, y, join = data.runs.length <= MOST_JOINED ? strength : '', logX = false, logY = false } = chosen;
    return {
      x: known(x, 'metrics.edit_strength', quantities[0]?.value),
      y: known(y, 'metrics.warping_error_normalised', quantities[1]?.value),
      ...{ join, logX, logY },
    };
  }
  /** Offers what runs can be compared by, which grows while they run. */
  function drawTools() {
    const found = quantitiesOf(data).filter((quantity) => isNumeric(data.runs, quantity));
    const names = [...found.map(({ value }) => value), ...data.differing];
    if (String(names) === tools.dataset.names) return;
    quantities = found;
    tools.dataset.names = String(names);
    const { x, y, join, logX, logY } = view();
    const settings = data.differing.map((key) => ({ value: key, title: key }));
    tools.replaceChildren(
      choice('to the right', quantities, x, (x) => change({ x })),
      tick('log', logX, (logX) => change({ logX })),
      choice('upwards', quantities, y, (y) => change({ y })),
      tick('log', logY, (logY) => change({ logY })),
      choice('lines along', [{ value: '', title: 'nothing' }, ...settings], join, (join) => change({ join })),
    );
  }
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
      if (data.served) location.href = `/compare?run=${encodeURIComponent(name)}`;
    },
  });

  function draw() {
    drawTools();
    const { join, logX, logY, ...axes } = view();
    tools.hidden = place.hidden = quantities.length < 2;
    if (tools.hidden) {
      note.textContent = 'These runs have fewer than two numbers to be compared by.';
      return;
    }
    const [x, y] = [axes.x, axes.y].map(
      (value) => /** @type {typeof quantities[0]} */ (quantities.find((each) => each.value === value)),
    );
    const points = data.runs
      .map((run) => ({ run, x: numberIn(x.of(run)), y: numberIn(y.of(run)) }))
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y) && !hiddenLines.has(point.run.place))
      .filter((point) => (!logX || point.x > 0) && (!logY || point.y > 0));
    const lacking = data.runs.filter(({ place: name }) => !hiddenLines.has(name)).length - points.length;
    const isDeciding = axes.x === 'metrics.edit_strength' && axes.y === 'metrics.warping_error_normalised';
    const lines = join === '' ? [] : alongSetting(points, join, data.differing);
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
      x: { title: x.title, log: logX, fromZero: x.group === 'metrics' },
      y: { title: y.title, log: logY, fromZero: y.group === 'metrics' },
      lines: [...lines, ...pointsByColour(points)],
    });
  }

  /** Points of one colour are one line of plotly's: a thousand lines would take seconds. @param {Placed[]} points */
  function pointsByColour(points) {
    const colours = Map.groupBy(points, ({ run }) => run.colour);
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
