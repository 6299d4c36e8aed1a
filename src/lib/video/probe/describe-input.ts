// Reads what `ffmpeg -i FILE` prints about a file. The form is the same from before 2018 to today. Parsing only.

import { given } from '../../base/given.js';
import { rateFromPrinted } from '../times/frame-rate.js';

/** A picture stream, upright: sides are those of the frames after rotation. */
export interface PictureStream {
  /** Number of the stream, for `-map 0:N`. */
  readonly stream: number;
  /** Pixels; 0 where the file does not say. */
  readonly width: number;
  readonly height: number;
  /** Width of a pixel over its height; 1 for square ones. */
  readonly pixelAspect: number;
  /** Frames per second, averaged over the file; absent where only its timestamps tell. */
  readonly frameRate?: number;
  /** The rate that ffmpeg guesses from the first timestamps, which it prints as `tbr`. */
  readonly baseRate?: number;
  /** Seconds in which the stream's timestamps are counted. */
  readonly tick: number;
  /** Where chroma samples lie in a row, between pixels or on the left one of two. */
  readonly chroma: 'left' | 'centre';
  /** Its codec and the form of its pixels as ffmpeg names them, such as `h264` and `yuv420p`. */
  readonly codec: string;
  readonly format: string;
  /** The file says that this is the one to show. */
  readonly isDefault: boolean;
  /** Whether its frames hold two moments each; undefined where the file does not say. */
  readonly fields?: 'interlaced' | 'progressive';
  /** Whether its pictures can be transparent. Those of a GIF are not: ffmpeg lays them on white. */
  readonly isTransparent: boolean;
  /** How brightness and colours are to be understood, where they go beyond SDR. */
  readonly hdr?: {
    readonly transfer: 'smpte2084' | 'arib-std-b67';
    readonly primaries?: string;
    readonly matrix?: string;
  };
}

/** What a description holds. */
export interface InputDescription {
  readonly container: string;
  /** Seconds. */
  readonly duration?: number;
  /** Time of the first thing in the file, on its own clock; where the file begins for everyone who plays it. */
  readonly startTime: number;
  readonly audioCodec?: string;
  /** The streams of pictures that are no covers, in the file's order. */
  readonly pictures: readonly PictureStream[];
  /** Sides that were above the limit given to ffmpeg. */
  readonly exceeded?: readonly [number, number];
}

// Streams without a container: their timestamps are made up, so their frames are counted.
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
  // What a file says of itself as a whole comes before this line, indented like a stream; it must not pass for one.
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

/** Whether a picture stream is the cover of a sound file. Old builds don't say so, but they know no frame rate of one. */
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

/** What is printed about codec, fields, colours and transparency. */
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
  // 32 bits a pixel without a codec are often written with an alpha of 0 throughout.
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
 * What is printed about rates. Of a bare stream the average is that of made-up timestamps. Builds that print a `tbc` give it the
 * frame rate as `tbr`; later ones may print the rate of fields there, but make up the right timestamps.
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
