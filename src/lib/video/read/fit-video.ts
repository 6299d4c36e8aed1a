// Brings a source to the size of its renderings, so that they can be compared.

import { UsageError } from '../../base/errors.js';
import { warnOnStderr } from '../../base/warn.js';
import { type OpenVideoOptions, openVideo } from './open-video.js';
import type { RepeatableVideo, Video } from './video.js';

/** The smallest share of a picture that counts as representative. */
const LEAST_SHARE = 0.25;

/**
 * Opens `source` again, which was opened as `video` with `options`, with frames of the size of `like`: cropped around the
 * centre and scaled, as for a rendering of that size. Returns `video` itself if it has this size.
 *
 * @throws UsageError when less than a quarter of the picture would remain
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
