// `steadyframe control`: writes what a ControlNet sees of a video.

import { resolve } from 'node:path';
import { given } from '../../lib/base/given.js';
import { conditionOf } from '../../lib/conditions/condition.js';
import { givenSettings } from '../../lib/settings/defaults.js';
import { SELECTION } from '../../lib/settings/table.js';
import { videoComment, videoName } from '../../lib/video/metadata/video-comment.js';
import { openVideo } from '../../lib/video/read/open-video.js';
import { writeVideo } from '../../lib/video/write/write-video.js';
import type { ControlValues } from '../commands/control.js';
import type { Context } from '../context.js';
import { formatPlural } from '../table.js';

export async function run(context: Context, path: string, values: ControlValues): Promise<void> {
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const { signal } = terminal;
  const selection = givenSettings(SELECTION, values);
  const video = await openVideo(path, { ...selection, signal, onWarning: warn });
  const conditions = {
    ...video,
    async *frames() {
      for await (const frame of video.frames()) yield conditionOf(values.kind, frame);
    },
  };
  const { expectedFrames } = video;
  const settings = { video: videoName(path), kind: values.kind, ...selection };
  const comment = await videoComment('control', { videos: [path], settings }, values);
  const hooks = { onProgress: context.reporter.report, signal, onWarning: warn, ...given({ expectedFrames, comment }) };
  const { frames } = await writeVideo(values.out, conditions, hooks);
  context.reporter.close();
  const out = resolve(values.out);
  terminal.out(
    values.json
      ? `${JSON.stringify({ out, kind: values.kind, frames }, null, 1)}\n`
      : `${out}: ${values.kind} of ${formatPlural(frames, 'frame')}\n`,
  );
}
