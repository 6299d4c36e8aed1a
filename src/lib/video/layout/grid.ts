// A grid of videos, frame by frame: rows of pixels are copied, labels are drawn once.

import { UsageError } from '../../base/errors.js';
import { streamed } from '../../base/streamed.js';
import type { Frame, Frames } from '../../tensor/frame.js';
import { drawLabel, type Label, layLabel } from './label.js';

/** Layout options of a grid. */
export interface GridOptions {
  /** Cells per row; 2 by default. */
  readonly columns?: number;
  /** One text for each video, drawn in the top left corner of its cell; an empty one draws nothing. */
  readonly labels?: readonly string[];
  /**
   * Order of the cells: `row-major` (the default) in rows from the top left; `clockwise`, for four videos in two columns,
   * from the top left.
   */
  readonly order?: 'row-major' | 'clockwise';
  /**
   * Length of the grid if videos differ: `shortest` (the default) ends with the first one that ends, `longest` repeats the
   * last frame of those that have ended.
   */
  readonly length?: 'shortest' | 'longest';
}

/**
 * The result of a grid.
 *
 * @inline
 */
export interface GridEnd {
  readonly frames: number;
  /** Indices of the videos that ended before the others, in the given order; empty if all have the same length. */
  readonly endedFirst: readonly number[];
}

/**
 * Yields a frame composed of the next frame of each video until they end. Cells without a video are black. The generator's
 * return value lists videos that ended early. Stopping early closes all videos.
 *
 * @throws UsageError for frames of different sizes, a wrong number of labels, `clockwise` for anything but 2 x 2
 */
export async function* gridFrames(
  videos: readonly Frames[],
  options: GridOptions = {},
): AsyncGenerator<Frame, GridEnd, undefined> {
  const { columns = 2, labels, order = 'row-major', length = 'shortest' } = options;
  checkGridOptions(videos.length, options);
  const cells = order === 'clockwise' ? [0, 1, 3, 2] : videos.map((_, i) => i);
  const rows = Math.ceil(videos.length / columns);
  const iterators = videos.map((video) => streamed(video));
  const shown: Frame[] = [];
  const ended = new Set<number>();
  let drawn: (Label | undefined)[] = [];
  let frames = 0;
  try {
    for (;;) {
      const next = await Promise.all(iterators.map((it, i) => (ended.has(i) ? undefined : it.next())));
      const before = ended.size;
      next.forEach((result, i) => {
        if (!result) return;
        if (result.done) ended.add(i);
        else shown[i] = checkCell(result.value, shown[0] ?? result.value, i);
      });
      const missing = [...ended].some((i) => shown[i] === undefined);
      if (ended.size === videos.length || (ended.size > 0 && (length === 'shortest' || missing))) {
        return { frames, endedFirst: firstEnded(ended, before, videos.length) };
      }
      const { width, height } = shown[0];
      if (frames === 0 && labels) {
        const capitals = Math.min(28, Math.max(8, Math.round(height * 0.035)));
        drawn = await Promise.all(
          labels.map((label) => (label === '' ? undefined : drawLabel(label, capitals, width))),
        );
      }
      yield compose(shown, cells, drawn, { columns, rows });
      frames++;
    }
  } finally {
    await Promise.all(iterators.map((it) => it.return?.()));
  }
}

function firstEnded(ended: ReadonlySet<number>, before: number, count: number): number[] {
  const order = [...ended]; // a Set keeps insertion order
  if (before === 0 && order.length === count) return [];
  return order.length === count ? order.slice(0, before) : order;
}

function compose(
  frames: readonly Frame[],
  cells: readonly number[],
  labels: readonly (Label | undefined)[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Frame {
  const { width, height } = frames[0];
  const stride = columns * width;
  const data = new Uint8Array(3 * stride * rows * height);
  frames.forEach((frame, i) => {
    const x = (cells[i] % columns) * width;
    const y = Math.floor(cells[i] / columns) * height;
    for (let row = 0; row < height; row++) {
      data.set(frame.data.subarray(3 * width * row, 3 * width * (row + 1)), 3 * (stride * (y + row) + x));
    }
    const label = labels[i];
    if (label && label.width <= width && label.height <= height) layLabel(data, stride, label, { x, y });
  });
  return { width: stride, height: rows * height, data };
}

function checkCell(frame: Frame, first: Frame, index: number): Frame {
  if (frame.width === first.width && frame.height === first.height) return frame;
  throw new UsageError(
    `video ${index + 1} of the grid is ${frame.width}x${frame.height} but video 1 is ${first.width}x${first.height}; ` +
      'bring them to one size first',
  );
}

/**
 * Checks the layout options of a grid of `count` videos.
 *
 * @throws UsageError as `gridFrames` does
 */
export function checkGridOptions(count: number, options: GridOptions): void {
  const { columns = 2, labels, order = 'row-major' } = options;
  if (count === 0) throw new UsageError('a grid needs at least one video; give some');
  if (!Number.isInteger(columns) || columns < 1) throw new UsageError(`a grid of ${columns} columns is not possible`);
  if (labels && labels.length !== count) {
    throw new UsageError(`the grid has ${count} videos but ${labels.length} labels; give one for each, '' for none`);
  }
  if (order === 'clockwise' && (count !== 4 || columns !== 2)) {
    throw new UsageError(`clockwise is for 4 videos in 2 columns, not ${count} in ${columns}; use row-major`);
  }
}
