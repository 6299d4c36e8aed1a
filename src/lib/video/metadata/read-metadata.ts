// Reads the texts in the metadata of a picture or a video: what this package stored, and what other programs did.

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { UsageError } from '../../base/errors.js';
import { formatBytes } from '../../base/format-bytes.js';
import type { Warn } from '../../base/warn.js';
import { DEFAULT_MAX_PIXELS, startFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { gifComments } from '../probe/gif-blocks.js';
import { kindOf } from '../probe/kind-of.js';
import { checkReadable } from '../read/check-paths.js';
import { picturesIn } from '../read/pictures.js';
import { notAPicture } from '../still.js';
import { descriptionIn } from './embed.js';
import { exifTexts, type MetadataText } from './exif-texts.js';

const MOST = 16_000_000;

/**
 * The texts in the metadata of a picture, a video, or the first picture of a folder.
 *
 * @throws UsageError when it is none of these, cannot be read, or has more than 16 MB of texts
 */
export async function readMetadata(
  path: string,
  options: { readonly signal?: AbortSignal; readonly onWarning?: Warn } = {},
): Promise<MetadataText[]> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    const [first] = (await picturesIn(path)).names;
    if (first === undefined) throw new UsageError(`${path}: this folder holds no pictures; name a picture or a video`);
    return readMetadata(join(path, first), options);
  }
  await checkReadable(path);
  const head = await beginning(path);
  if (head.startsWith('GIF8')) return (await gifComments(path)).map((text) => ({ name: 'comment', text }));
  if (head.startsWith('\x89PNG') || (await kindOf(path)) !== 'video') return pictureTexts(path);
  return containerTags(path, options);
}

async function beginning(path: string): Promise<string> {
  const file = await open(path);
  try {
    return (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString('latin1');
  } finally {
    await file.close();
  }
}

async function pictureTexts(path: string): Promise<MetadataText[]> {
  const {
    comments = [],
    exif,
    xmp,
  } = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch((error: Error) => {
      throw notAPicture(path, error);
    });
  const description = xmp && descriptionIn(xmp.toString('utf8'));
  return [
    ...comments.map(({ keyword, text }) => ({ name: keyword, text })),
    ...(description === undefined ? [] : [{ name: 'description', text: description }]),
    ...(exif ? exifTexts(exif) : []),
  ];
}

/** The tags of a container, as ffmpeg writes them in its own text format. */
async function containerTags(
  path: string,
  options: { readonly signal?: AbortSignal; readonly onWarning?: Warn },
): Promise<MetadataText[]> {
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'error', ...untrustedInput(ffmpeg, path, DEFAULT_MAX_PIXELS)],
      ...['-f', 'ffmetadata', 'pipe:1'],
    ],
    { task: `reading '${path}'`, ...options },
  );
  run.end();
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of run.output as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > MOST) {
        throw new UsageError(`'${path}' has more than ${formatBytes(MOST)} of metadata; it is not read`);
      }
      parts.push(part);
    }
    await run.done;
  } finally {
    run.kill();
  }
  return ffmetadata(Buffer.concat(parts).toString('utf8'));
}

/** The tags of the file itself: `name=value`, with a backslash before what has a meaning. */
function ffmetadata(text: string): MetadataText[] {
  const tags: MetadataText[] = [];
  for (const [line] of text.matchAll(/(?:\\[\s\S]|[^\\\n])+/g)) {
    if (line.startsWith('[')) break; // streams and chapters
    const [, name, value] = /^((?:\\[\s\S]|[^\\=])+)=([\s\S]*)$/.exec(line) ?? [];
    if (name === undefined || line.startsWith(';')) continue;
    tags.push({ name: unescaped(name), text: unescaped(value) });
  }
  return tags;
}

const unescaped = (text: string): string => text.replace(/\\([\s\S])/g, '$1');
