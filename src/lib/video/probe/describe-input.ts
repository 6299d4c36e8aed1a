// Parses the output of `ffmpeg -i FILE`, whose format has been stable since before 2018.

import { given } from '../../base/given.js';
import { rateFromPrinted } from '../times/frame-rate.js';

/** A picture stream, upright: sides are those of the frames after rotation. */
export interface PictureStream {
  /** Index of the stream, for `-map 0:N`. */
  readonly stream: number;
  /** Pixels; 0 if the file does not state it. */
  readonly width: number;
  readonly height: number;
  /** Width of a pixel over its height; 1 for square ones. */
  readonly pixelAspect: number;
  /** Frames per second, averaged over the file; absent if only its timestamps determine it. */
  readonly frameRate?: number;
  /** The rate that ffmpeg guesses from the first timestamps and prints as `tbr`. */
  readonly baseRate?: number;
  /** Unit of the stream's timestamps, in seconds. */
  readonly tick: number;
  /** Position of chroma samples in a row: between two pixels or at the left one. */
  readonly chroma: 'left' | 'centre';
  /** Its codec and pixel format as ffmpeg names them, such as `h264` and `yuv420p`. */
  readonly codec: string;
  readonly format: string;
  /** Whether the file marks it as the one to show. */
  readonly isDefault: boolean;
  /** Whether its frames are interlaced; undefined if the file does not state it. */
  readonly fields?: 'interlaced' | 'progressive';
  /** Whether its pictures can be transparent. Those of a GIF are not: ffmpeg composites them over white. */
  readonly isTransparent: boolean;
  /** Transfer function, primaries and matrix, if they go beyond SDR. */
  readonly hdr?: {
    readonly transfer: 'smpte2084' | 'arib-std-b67';
    readonly primaries?: string;
    readonly matrix?: string;
  };
}

/** A parsed description. */
export interface InputDescription {
  readonly container: string;
  /** Seconds. */
  readonly duration?: number;
  /** First timestamp of the file, on its own clock; players start there. */
  readonly startTime: number;
  readonly audioCodec?: string;
  /** The picture streams that are not covers, in the file's order. */
  readonly pictures: readonly PictureStream[];
  /** Sides that exceeded the limit passed to ffmpeg. */
  readonly exceeded?: readonly [number, number];
}

// Streams without a container: their timestamps are invented, so their frames are counted.
const BARE = new Set([
  'h264',
  'hevc',
  'vvc',
  'av1',
  'obu',
  'm4v',
  'mpegvideo',
  'h261',
  'h263',
  'vc1',
  'mjpeg',
  'dirac',
]);

/** Whether a container (as ffmpeg names it) is a bare stream without timestamps. */
export function isBareStream(container: string): boolean {
  return BARE.has(container);
}

const STREAM = /^Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\([^)]*\))?: (\w+): (.*)$/m;

/** Reads a description; undefined when ffmpeg could not open the file. */
export function describeInput(said: string): InputDescription | undefined {
  const container = /^Input #0, (.+), from '/m.exec(said)?.[1];
  const line = /^ {2}Duration: (?:(\d+):(\d\d):(\d\d\.\d+)|N\/A)(?:, start: (-?[\d.]+))?.*$/m.exec(said);
  if (container === undefined || !line) return undefined;
  const [, hours, minutes, seconds, start = '0'] = line;
  const duration = seconds === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  // Metadata of the file come before this line, indented like a stream, and must not be parsed as one.
  const texts = said.slice(line.index).split(/^ {2,4}(?=Stream #0:\d)/m);
  const streams = texts.map((text) => ({ text, match: STREAM.exec(text) }));
  const audio = streams.find(({ match }) => match?.[2] === 'Audio');
  const pictures = streams.filter(({ match }) => match?.[2] === 'Video' && !isCover(match[3]));
  const exceeded = /Picture size (\d+)x(\d+) exceeds specified max pixel count/.exec(said);
  return {
    container,
    duration,
    startTime: Number(start),
    audioCodec: audio && /^\w+/.exec(audio.match![3])?.[0],
    pictures: pictures.map(({ match, text }) => describePicture(match!, text, isBareStream(container))),
    exceeded: exceeded ? [Number(exceeded[1]), Number(exceeded[2])] : undefined,
  };
}

/** Whether a picture stream is the cover of a sound file. Old builds do not say so, but print no frame rate for one. */
function isCover(about: string): boolean {
  return (
    /\((attached pic|timed thumbnails)\)/.test(about) ||
    (/^(png|mjpeg|bmp|gif)\b.*, 90k tbr/.test(about) && !/ fps\b/.test(about))
  );
}

function describePicture(match: RegExpExecArray, text: string, bare: boolean): PictureStream {
  const about = match[3];
  const sides = /, (\d+)x(\d+)(?=[ ,]|$)/.exec(about);
  const [width, height] = sides ? [Number(sides[1]), Number(sides[2])] : [0, 0];
  const aspect = /SAR ([1-9]\d*):([1-9]\d*)/.exec(about);
  const pixelAspect = aspect ? Number(aspect[1]) / Number(aspect[2]) : 1;
  const chroma: PictureStream['chroma'] =
    /^(mjpeg|mpeg1video)\b/.test(about) || /\([^)]*\bcenter\b/.test(about) ? 'centre' : 'left';
  const rotation = Math.abs(Number(/display ?matrix: rotation of (-?[\d.]+)/i.exec(text)?.[1] ?? 0));
  const rates = ratesIn(about, bare);
  const kind = kindIn(about, text);
  const upright = { stream: Number(match[1]), width, height, pixelAspect, ...rates, chroma, ...kind };
  const sideways = Math.abs(rotation - 90) < 1 || Math.abs(rotation - 270) < 1;
  return sideways ? { ...upright, width: height, height: width, pixelAspect: 1 / pixelAspect } : upright;
}

/** The printed codec, fields, colours and transparency. */
function kindIn(
  about: string,
  text: string,
): Pick<PictureStream, 'codec' | 'format' | 'isDefault' | 'fields' | 'isTransparent' | 'hdr'> {
  const codec = /^\w+/.exec(about)?.[0] ?? '';
  const [, format = '', notes = ''] =
    /, ([a-z]\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?, (?:\d+x\d+|none)/.exec(about) ?? [];
  const fields = /\b(top|bottom) (coded )?first\b/.test(notes)
    ? 'interlaced'
    : /\bprogressive\b/.test(notes)
      ? 'progressive'
      : undefined;
  const [, matrix, primaries, transfer] = /([^/, ]+)\/([^/, ]+)\/(smpte2084|arib-std-b67)/.exec(notes) ?? [];
  const told = (value: string) => (value === 'unknown' || value === 'reserved' ? undefined : value);
  // Raw video of 32 bits per pixel often has an alpha of 0 throughout.
  const isTransparent =
    (/^(yuva|rgba|bgra|argb|abgr|gbrap|ya8|ya16|pal8|ayuv|vuya)/.test(format) && !/^(gif|rawvideo)$/.test(codec)) ||
    /^ +alpha_mode +: 1\s*$/m.test(text);
  return {
    codec,
    format,
    isDefault: /\(default\)/.test(about),
    isTransparent,
    ...(fields && { fields }),
    ...(transfer && {
      hdr: {
        transfer: transfer as 'smpte2084' | 'arib-std-b67',
        ...given({ primaries: told(primaries), matrix: told(matrix) }),
      },
    }),
  };
}

/**
 * The printed rates. The average of a bare stream is that of invented timestamps. Builds that print a `tbc` print its frame
 * rate as `tbr`; later ones may print the field rate there, but invent correct timestamps.
 */
function ratesIn(about: string, bare: boolean): Pick<PictureStream, 'frameRate' | 'baseRate' | 'tick'> {
  const read = (unit: string): number | undefined => {
    const match = new RegExp(`, ([\\d.]+)(k?) ${unit}\\b`).exec(about);
    return match ? Number(match[1]) * (match[2] ? 1000 : 1) : undefined;
  };
  const rate = (printed: number | undefined): number | undefined =>
    printed !== undefined && printed > 0 && printed < 1000 ? rateFromPrinted(printed) : undefined;
  const baseRate = rate(read('tbr'));
  const frameRate = !bare ? rate(read('fps')) : read('tbc') === undefined ? undefined : baseRate;
  return { frameRate, baseRate, tick: 1 / (read('tbn') || 90_000) };
}
