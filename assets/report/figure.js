// @ts-check
// Figures become plotly's traces and layout: one definition of colours, dashes, ticks and hover texts for reports and dashboard.

/**
 * A line, or the points or bars of one arm. `colour` is the class of its colour; `text` names each point, `details` are shown
 * on hovering it, and `names` says which arm each is, if they are several.
 *
 * @typedef {{
 *   name: string, label: string, colour: string, x: readonly (number | string)[], y: readonly (number | null)[],
 *   kind?: 'line' | 'points' | 'both' | 'bars', faint?: boolean, below?: boolean, text?: string[],
 *   details?: string[], names?: string[], deviations?: (number | null)[],
 * }} Line
 * @typedef {{ title: string, log?: boolean, fromZero?: boolean, include?: number[] }} Axis
 * @typedef {{
 *   title: string, x: Axis, y: Axis, lines: Line[], marks?: { x: number, label: string }[],
 *   floors?: { label: string, y: number }[], frames?: number, legend?: boolean, group?: string,
 * }} Figure `group`: figures of one group are zoomed together. `frames`: the frames that a value covers, if x are frames.
 * @typedef {{ ink: string, soft: string, line: string, faint: string, paper: string, panel: string, font: string, of: (colour: string) => string }} Theme
 */

/** With eight colours, forty lines that differ. */
const DASHES = ['solid', 'dash', 'dot', 'dashdot', '9px,2px,2px,2px,2px,2px'];
const SYMBOLS = ['circle', 'square', 'diamond', 'triangle-up', 'x'];
/** The most lines whose values are shown together at the pointer. */
const MOST_TOGETHER = 16;

/** The page's colours as they are now. @param {Element} place @returns {Theme} */
export function readTheme(place) {
  const style = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const probe = document.createElement('i');
  /** @type {Map<string, string>} */
  const known = new Map();
  const colourOf = (/** @type {string} */ colour) => {
    const before = known.get(colour);
    if (before) return before;
    place.append(probe);
    probe.className = colour;
    const found = getComputedStyle(probe).getPropertyValue('--series').trim() || of('soft');
    probe.remove();
    known.set(colour, found);
    return found;
  };
  return {
    ...{ ink: of('ink'), soft: of('soft'), line: of('line'), faint: of('faint-line'), paper: of('paper') },
    ...{ panel: of('panel'), font: getComputedStyle(document.body).fontFamily, of: colourOf },
  };
}

/** Which dash and symbol a colour's class stands for. @param {string} colour */
function repetition(colour) {
  return Number(/dash-(\d)/.exec(colour)?.[1] ?? 0);
}

/** A text of users in plotly's markup. @param {string} text */
function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('%{', '% {')
    .replaceAll('\n', '<br>');
}

/**
 * plotly's traces. `sides` says on which side of its point a name stands, `hidden` and `picked` which arms are.
 *
 * @param {Figure} figure
 * @param {Theme} theme
 * @param {{ hidden: ReadonlySet<string>, picked: ReadonlySet<string> | null, sides: readonly (readonly string[])[] }} state
 */
export function tracesOf({ lines, legend, x, y }, theme, { hidden, picked, sides }) {
  const together = isTogether(lines);
  return lines.map((line, i) => {
    const { name, label, colour, kind = 'line', faint, text, details, names, deviations } = line;
    const paint = theme.of(colour);
    const again = repetition(colour);
    const base = {
      ...{ uid: `line${i}`, name: escaped(label), meta: name, x: line.x, y: line.y, visible: !hidden.has(name) },
      ...{ showlegend: Boolean(legend && !faint), opacity: faint ? 0.3 : 1 },
      ...(faint && { hoverinfo: 'skip' }),
      ...(text && { text: text.map((each, k) => (sides[i]?.[k] ? escaped(each) : '')) }),
      ...(text && {
        hovertext: text.map(
          (each, k) => `<b>${escaped(each || label)}</b>${details ? `<br>${escaped(details[k])}` : ''}`,
        ),
      }),
      ...(names && picked && { selectedpoints: names.flatMap((each, k) => (picked.has(each) ? k : [])) }),
      ...(names && { unselected: { marker: { opacity: 0.2 } } }),
      ...(deviations && { error_y: { type: 'data', array: deviations, color: paint, thickness: 1.2, width: 4 } }),
    };
    if (kind === 'bars') return { ...base, type: 'bar', marker: { color: paint }, hovertemplate: template(text, x, y) };
    const sizes = kind === 'line' ? lonely(line.y) : undefined;
    return {
      ...base,
      type: 'scatter',
      mode: `${kind === 'points' ? 'markers' : kind === 'both' || sizes ? 'lines+markers' : 'lines'}${sides[i]?.length ? '+text' : ''}`,
      ...(sides[i]?.length && {
        textposition: sides[i].map((side) => side || 'middle right'),
        textfont: { color: theme.ink },
      }),
      cliponaxis: false,
      line: { color: paint, width: faint ? 1 : 1.8, dash: DASHES[again] },
      marker: {
        ...{
          color: paint,
          symbol: SYMBOLS[again],
          size: sizes ?? (line.x.length > 200 ? 7 : kind === 'both' ? 9 : 12),
        },
        ...(!sizes && { opacity: 1, line: { color: theme.paper, width: 1.5 } }),
      },
      ...(line.below && { fill: 'tozeroy', fillcolor: `${theme.soft}12` }),
      ...(!faint && {
        hovertemplate: !together || kind !== 'line' ? template(text, x, y) : '%{y}',
      }),
    };
  });
}

/** The text at a point: its own, and both values. @param {readonly string[] | undefined} text @param {Axis} x @param {Axis} y */
function template(text, x, y) {
  const [across, up] = [x.title, y.title].map(escaped);
  return `${text ? '%{hovertext}' : '<b>%{fullData.name}</b>'}<br>${across} %{x}<br>${up} %{y}<extra></extra>`;
}

/** Sizes that show a value between two gaps as a point; undefined where there is none. @param {readonly (number | null)[]} y */
function lonely(y) {
  const alone = y.map((value, i) => value !== null && (y[i - 1] ?? null) === null && (y[i + 1] ?? null) === null);
  return alone.includes(true) ? alone.map((each) => (each ? 6 : 0)) : undefined;
}

/** In words, which frames a value covers that is drawn at their middle. @param {number} at @param {number} frames */
export function framesAt(at, frames) {
  const first = Math.round(at - (frames - 1) / 2);
  return frames > 1 ? `frames ${first} to ${first + frames - 1}` : `frame ${first}`;
}

/** Whether values of all lines are shown together. @param {Line[]} lines */
function isTogether(lines) {
  return lines.length <= MOST_TOGETHER && lines.every(({ kind = 'line' }) => kind === 'line');
}

/**
 * The range of an axis: around equal values at most half their size, where plotly takes 1, however small they are.
 *
 * @param {Axis} axis
 * @param {(number | string | null)[]} values
 */
function rangeOf({ log, include }, values) {
  if (include && !log) return { autorangeoptions: { include } };
  const [first, ...others] = new Set(values.filter((value) => value !== null));
  if (log || others.length > 0 || typeof first !== 'number' || first === 0) return {};
  const [clipmin, clipmax] = [0.5 * first, 1.5 * first].sort((one, two) => one - two);
  return { autorangeoptions: { clipmin, clipmax } };
}

/** plotly's layout. @param {Figure} figure @param {Theme} theme @param {ReadonlySet<string>} hidden */
export function layoutOf({ x, y, lines, marks = [], floors = [], group }, theme, hidden) {
  const { ink, soft, line, faint, panel, font } = theme;
  const shown = lines.filter(({ name }) => !hidden.has(name));
  const axis = (/** @type {'x' | 'y'} */ key) => {
    const described = { x, y }[key];
    return {
      ...{
        title: { text: escaped(described.title), standoff: 6, font: { size: 12.5 } },
        type: described.log ? 'log' : '-',
        automargin: true,
      },
      ...{
        gridcolor: faint,
        linecolor: line,
        zeroline: false,
        exponentformat: 'power',
        minexponent: 4,
        hoverformat: '.6~g',
      },
      ...(described.fromZero
        ? { rangemode: 'tozero' }
        : rangeOf(
            described,
            shown.flatMap((each) => [...each[key]]),
          )),
    };
  };
  return {
    ...{ autosize: true, paper_bgcolor: '#0000', plot_bgcolor: '#0000', margin: { l: 46, r: 12, t: 8, b: 34 } },
    font: { family: font, size: 11.5, color: soft },
    xaxis: {
      ...axis('x'),
      showgrid: false,
      showline: true,
      unifiedhovertitle: { text: `${escaped(x.title)} %{x}` },
    },
    yaxis: { ...axis('y'), nticks: 6 },
    hovermode: isTogether(lines) ? 'x unified' : 'closest',
    hoverlabel: { bgcolor: panel, bordercolor: line, font: { family: font, size: 12, color: ink }, namelength: -1 },
    ...{
      dragmode: 'zoom',
      barmode: 'group',
      uirevision: `${group} ${x.title} ${x.log} ${y.title} ${y.log}`,
      selectionrevision: 1,
    },
    legend: { orientation: 'h', x: 0, y: 1, yanchor: 'bottom', font: { color: ink }, bgcolor: '#0000' },
    modebar: { bgcolor: '#0000', color: soft, activecolor: ink },
    shapes: [
      ...marks.map((mark) => ({
        ...{ type: 'line', x0: mark.x, x1: mark.x, y0: 0, y1: 1, yref: 'paper', layer: 'below' },
        line: { color: line, width: 1, dash: 'dash' },
      })),
      ...floors.map((floor) => ({
        ...{ type: 'line', x0: 0, x1: 1, xref: 'paper', y0: floor.y, y1: floor.y, layer: 'below' },
        line: { color: soft, width: 1.5, dash: 'dash' },
        label: { text: escaped(floor.label), textposition: 'end', yanchor: 'top', font: { color: soft, size: 11.5 } },
      })),
    ],
  };
}

/** A number in a text: six significant digits. @param {number | string | null} value */
const inWords = (value) => (typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value ?? '–'));

/** A figure in words, for those who do not see it. @param {Figure} figure */
export function wordsOf({ title, x, y, lines }) {
  const shown = lines.filter(({ faint }) => !faint);
  const each = shown.slice(0, 12).map(({ label, kind, x: xs, y: ys }) => {
    const values = ys.filter((value) => value !== null);
    if (values.length === 0) return `${label}: no values`;
    if (kind === 'points') return label;
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return `${label}: ${xs.length} points from ${inWords(low)} to ${inWords(high)}`;
  });
  const more = shown.length > each.length ? ` and ${shown.length - each.length} more` : '';
  return `${title || y.title} by ${x.title}. ${each.join('; ')}${more}. Arrow keys move through the points, plus and minus zoom, 0 shows all.`;
}

/** A point in words. @param {Figure} figure @param {number} line @param {number} point */
export function pointInWords({ lines, x, y, frames }, line, point) {
  const { label, text, x: xs, y: ys } = lines[line];
  const at = frames === undefined ? `${x.title} ${inWords(xs[point])}` : framesAt(Number(xs[point]), frames);
  return `${text?.[point] || label}: ${at}, ${y.title} ${inWords(ys[point])}`;
}
