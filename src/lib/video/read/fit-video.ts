// Videos of one thing in several sizes, brought to one: how a source and its renderings are compared.

import { UsageError } from '../../base/errors.js';
import { warnOnStderr } from '../../base/warn.js';
import { type OpenVideoOptions, openVideo } from './open-video.js';
import type { RepeatableVideo, Video } from './video.js';

/** Less of a picture than this says nothing about the rest of it. */
const LEAST_SHARE = 0.25;

/**
 * Opens `source`, of which `video` was opened, again with frames of the sides of `like`: its middle in that shape, scaled, which is what a rendering of that size
 * shows of it. Where they have these sides already it is given back as it is. `options` are those it was opened with.
 *
 * @throws UsageError when less than a quarter of the picture would be left
 */
export async function fitVideo(
  { source, video }: { readonly source: RepeatableVideo; readonly video: Video },
  like: Pick<Video, 'path' | 'width' | 'height'>,
  options: OpenVideoOptions,
): Promise<Video> {
  const { path, width, height } = video;
  if (width === like.width && height === like.height) return video;
  const { exact: _, size: __, ...rest } = options;
  const fitted = await openVideo(source, { ...rest, fit: { width: like.width, height: like.height } });
  const { region } = fitted;
  const share = (region.width * region.height) / (video.region.width * video.region.height);
  const sizes = `'${path}' is ${width}x${height}, '${like.path}' ${like.width}x${like.height}`;
  if (share < LEAST_SHARE) {
    throw new UsageError(
      `${sizes}: in that shape less than a quarter of it would be seen, too little to compare; crop the part that is meant`,
    );
  }
  const part = share === 1 ? 'its frames are' : `the middle of its frames (${Math.floor(100 * share)} %) is`;
  (options.onWarning ?? warnOnStderr)(`${sizes}: ${part} scaled to these`);
  return fitted;
}
