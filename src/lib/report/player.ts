// The player of synchronised videos: as a grid, one enlarged, or two overlaid. Its script is assets/report/player.js.

import { type Html, html } from './html.js';
import type { ReportArm, ReportShot } from './report-data.js';
import { seriesClasses } from './series.js';

/** The data of the player. */
export interface PlayerOptions {
  readonly shot: ReportShot;
  /** Names of the arms shown at first, row by row. */
  readonly grid?: readonly string[];
  /** Content beside the videos, below the list of arms. */
  readonly beside?: Html;
  /** The class of an arm's colour, by its name; a colour for each arm by default. */
  readonly colourOf?: (name: string) => string;
  /** Opens with the first two videos over each other. */
  readonly wipe?: boolean;
  /** The columns and rows of a grid whose first cell is an arm's video. */
  readonly cellOf?: (name: string) => { readonly columns: number; readonly rows: number } | undefined;
}

/** The player of the arms that have a video; there must be at least one. */
export function player(
  arms: readonly ReportArm[],
  { shot, grid, beside, colourOf = seriesClasses(arms), wipe = false, cellOf }: PlayerOptions,
): Html {
  const ordered = gridFirst(
    arms.filter((arm) => arm.video !== undefined),
    grid,
  );
  const shown = new Set(grid ?? ordered.slice(0, 4).map((arm) => arm.name));
  const last = shot.frames - 1;
  return html`<div class="player" data-frame-rate="${String(shot.frameRate)}" data-frames="${shot.frames}"${wipe && html` data-start="wipe"`} style="--ratio:${shot.width / shot.height}">
<div class="player-main">
<div class="stage" role="group" aria-label="Videos, in step">
${ordered.map((arm) => cell(arm, colourOf(arm.name), { hidden: !shown.has(arm.name), part: cellOf?.(arm.name) }))}
<input class="wipe" type="range" min="0" max="100" step="0.5" value="50" aria-label="Wipe: how much of the left video is seen" hidden>
<i class="wipe-line" hidden></i>
</div>
<div class="bar" role="group" aria-label="Playback">
<input class="seek" type="range" min="0" max="${last}" step="1" value="0" aria-label="Frame">
<div class="bar-row flow">
<button type="button" class="icon" data-do="first" aria-label="First frame" title="First frame (Home)">${ICONS.first}</button>
<button type="button" class="icon" data-do="back" aria-label="One frame back" title="One frame back (←, Shift: ten)">${ICONS.back}</button>
<button type="button" class="icon play" data-do="play" aria-label="Play" title="Play or pause (Space)">${ICONS.play}${ICONS.pause}</button>
<button type="button" class="icon" data-do="forward" aria-label="One frame forward" title="One frame forward (→, Shift: ten)">${ICONS.forward}</button>
<button type="button" class="icon" data-do="loop" aria-pressed="true" aria-label="Loop" title="Loop (L)">${ICONS.loop}</button>
<output class="time" aria-live="off">frame <b>0</b> / ${last}<span> · 0.00 s</span></output>
<label class="speed"><span>speed</span> <select aria-label="Speed">${SPEEDS.map((speed) => html`<option value="${speed}"${speed === 1 && html` selected`}>${speed}×</option>`)}</select></label>
</div>
</div>
</div>
<div class="player-side">
<div class="modes flow" role="group" aria-label="View">
<button type="button" data-mode="grid" aria-pressed="true" title="All chosen videos (G)">Grid</button>
<button type="button" data-mode="wipe" aria-pressed="false" title="Two over each other, with a slider (W)">Wipe</button>
<button type="button" data-mode="difference" aria-pressed="false" title="How far two differ, twice as bright (D)">Difference</button>
<span class="pair flow" hidden><select aria-label="Left video">${options(ordered, 0)}</select><span>and</span><select aria-label="Right video">${options(ordered, 1)}</select></span>
<label class="check pixels flow"><input type="checkbox"> pixels</label>
</div>
<ul class="arm-list" aria-label="Arms">${ordered.map(
    (arm) =>
      html`<li class="${colourOf(arm.name)}"><label><input type="checkbox" value="${arm.name}"${
        shown.has(arm.name) && html` checked`
      }><i class="swatch"></i><span><b>${arm.label}</b>${arm.note && html` <small>${arm.note}</small>`}</span></label></li>`,
  )}</ul>
${beside}
<p class="keys"><kbd>Space</kbd> play <kbd>←</kbd> <kbd>→</kbd> step <kbd>1</kbd>–<kbd>9</kbd> enlarge <kbd>Esc</kbd> grid <kbd>W</kbd> wipe <kbd>D</kbd> difference <kbd>L</kbd> loop</p>
</div>
<noscript><p class="empty">The videos and the sorting of tables need JavaScript; everything is inside this file.</p></noscript>
</div>`;
}

const SPEEDS = [0.1, 0.25, 0.5, 1, 2];

/** The grid's arms in its order, then the others. */
function gridFirst(arms: readonly ReportArm[], grid: readonly string[] = []): ReportArm[] {
  const rank = new Map(grid.map((name, i) => [name, i]));
  return [...arms].sort((a, b) => (rank.get(a.name) ?? grid.length) - (rank.get(b.name) ?? grid.length));
}

interface CellOptions {
  readonly hidden: boolean;
  readonly part: { readonly columns: number; readonly rows: number } | undefined;
}

function cell(arm: ReportArm, colour: string, { hidden, part }: CellOptions): Html {
  return html`<figure class="cell ${colour}" data-name="${arm.name}"${hidden && html` hidden`}>
<figcaption><i class="swatch"></i><b>${arm.label}</b><small>${settingsInWords(arm)}</small></figcaption>
<div class="picture"><video muted playsinline preload="auto" disablepictureinpicture tabindex="-1" aria-label="${arm.label}" data-src="${arm.video}"${part && html` class="part" style="--columns:${part.columns};--rows:${part.rows}"`}></video>
<button type="button" class="enlarge" aria-pressed="false" aria-label="${`Enlarge ${arm.label}`}"></button></div>
</figure>
`;
}

/** An arm's settings on one short line. */
function settingsInWords(arm: ReportArm): string {
  const words = Object.entries(arm.settings ?? {}).map(([name, value]) => value !== null && `${name} ${value}`);
  return words.filter(Boolean).join(' · ');
}

function options(arms: readonly ReportArm[], selected: number): Html {
  return html`${arms.map((arm, i) => html`<option value="${arm.name}"${i === selected && html` selected`}>${arm.label}</option>`)}`;
}

const icon = (name: string, path: string): Html =>
  html`<svg class="i-${name}" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;

const ICONS = {
  first: icon('first', 'M6 5h2.5v14H6zM20 5v14L9.5 12z'),
  back: icon('back', 'M15.5 5v14L5 12zM17.5 5H20v14h-2.5z'),
  play: icon('play', 'M7 4.5v15L20 12z'),
  pause: icon('pause', 'M6.5 5h4v14h-4zM13.5 5h4v14h-4z'),
  forward: icon('forward', 'M8.500 5v14L19 12zM4 5h2.500v14H4z'),
  loop: icon(
    'loop',
    'M17 3l4 4-4 4V8.200H7.500a2.700 2.700 0 0 0-2.700 2.700V12H2.500v-1.100a5 5 0 0 1 5-5H17zM7 21l-4-4 4-4v2.800h9.500a2.700 2.700 0 0 0 2.700-2.700V12h2.300v1.100a5 5 0 0 1-5 5H7z',
  ),
};
