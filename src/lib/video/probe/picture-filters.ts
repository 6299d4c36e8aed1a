// Filters before crop and scale, if they are needed: deinterlacing, rotation, one size for all pictures, HDR to SDR, and
// compositing over white.

import { ffmpegHas } from '../ffmpeg/ffmpeg-parts.js';
import type { Ffmpeg } from '../ffmpeg/find-ffmpeg.js';
import { EXACT } from '../ffmpeg/raw-frames.js';
import { isCutOff } from './gif-blocks.js';
import type { Probe } from './probe.js';

/** Arguments and filters with which ffmpeg decodes a file's pictures correctly. */
export interface PictureDecoding {
  /** Arguments before the input. */
  readonly input: readonly string[];
  /** Filters before crop and scale. */
  readonly filters: readonly string[];
  /** Whether their output is RGB, without subsampled chroma. */
  readonly isRgb: boolean;
}

/** White as players show it: 203 cd/m2 (ITU-R BT.2408). Brighter parts are compressed, the rest is about unchanged. */
const SDR_WHITE = 203;
const TONE_MAP = ['zscale', 'tonemap'];
/** Decoders for transparency in WebM, which ffmpeg's own ones ignore. */
const ALPHA_DECODERS: Readonly<Record<string, string>> = { vp8: 'libvpx', vp9: 'libvpx-vp9' };

/** The arguments and filters of an ffmpeg for the pictures of a probed file. */
export async function pictureDecoding(ffmpeg: Ffmpeg, probe: Probe): Promise<PictureDecoding> {
  const { orientation, fields, hdr } = probe;
  const decoder = ALPHA_DECODERS[probe.codec];
  const isWebm = probe.isTransparent && decoder !== undefined;
  const readsAlpha = isWebm && (await ffmpegHas(ffmpeg, 'decoders', [decoder]));
  const toneMaps = hdr !== undefined && (await ffmpegHas(ffmpeg, 'filters', TONE_MAP));
  const onWhite = probe.isTransparent && (!isWebm || readsAlpha);
  return {
    input: [...(orientation ? ['-noautorotate'] : []), ...(readsAlpha ? ['-c:v', decoder] : [])],
    filters: [
      ...(fields === 'interlaced' ? ['bwdif=mode=send_frame:parity=auto:deint=all'] : []),
      ...(orientation?.filters ?? []),
      ...toOneSize(probe),
      ...(toneMaps ? toSdr(hdr) : []),
      ...(onWhite ? layOnWhite(probe) : []),
    ],
    isRgb: toneMaps || onWhite,
  };
}

/** Warnings about special processing that a file needs. */
export async function pictureNotes(ffmpeg: Ffmpeg, path: string, probe: Probe): Promise<string[]> {
  const notes: string[] = [];
  if (probe.container === 'gif' && (await isCutOff(path))) {
    notes.push(`'${path}' is damaged: it ends before its end, and frames may be missing or incomplete`);
  }
  if (probe.fields === 'interlaced')
    notes.push(`'${path}' is interlaced: its fields are joined to whole frames (bwdif)`);
  if (probe.hdr) {
    const name = `'${path}' is HDR (${probe.hdr.transfer === 'smpte2084' ? 'PQ' : 'HLG'})`;
    notes.push(
      (await ffmpegHas(ffmpeg, 'filters', TONE_MAP))
        ? `${name}: its frames are tone-mapped to SDR, BT.709`
        : `${name} and is read as if it were SDR, which looks pale and grey: this ffmpeg has no zscale and tonemap filters; name one that has them in FFMPEG_PATH`,
    );
  }
  const decoder = ALPHA_DECODERS[probe.codec];
  if (probe.isTransparent && decoder !== undefined && !(await ffmpegHas(ffmpeg, 'decoders', [decoder]))) {
    notes.push(
      `'${path}' is transparent, which this ffmpeg cannot read (it has no ${decoder} decoder): what lies behind may show`,
    );
  }
  return notes;
}

/**
 * Crops pictures whose size differs from the first one's around the centre to its aspect ratio, and scales them to its size.
 * Both filters pass pictures of that size through. ffmpeg evaluates the numbers again whenever the size changes.
 */
function toOneSize({ width, height, pixelAspect }: Probe): string[] {
  const shape = ((width * pixelAspect) / height).toFixed(6);
  const side = (own: string, other: string) =>
    `if(eq(iw\\,${width})*eq(ih\\,${height})\\,${own}\\,min(${own}\\,2*max(1\\,round(min(${own}\\,${other})/2))))`;
  return [
    `crop=w=${side('iw', `ih*${shape}/sar`)}:h=${side('ih', `iw*sar/${shape}`)}:exact=1`,
    `scale=${width}:${height}:flags=bicubic+${EXACT}`,
  ];
}

/** From PQ or HLG to BT.709, in linear light; colours outside BT.709 are clipped. */
function toSdr({ transfer, primaries, matrix }: NonNullable<Probe['hdr']>): string[] {
  const known = `tin=${transfer}:pin=${primaries ?? 'bt2020'}:min=${matrix ?? 'bt2020nc'}`;
  return [
    `zscale=${known}:t=linear:npl=${SDR_WHITE}`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=mobius:desat=0',
    'zscale=t=bt709:m=gbr:r=pc',
    'format=gbrp',
  ];
}

/** 255 - (255 - colour) * alpha: the colour over white. */
function layOnWhite({ width, height }: Probe): string[] {
  const toRgb = [`scale=${width}:${height}:flags=bicubic+${EXACT}`, 'format=gbrap', 'setrange=pc'];
  return [...toRgb, 'negate', 'premultiply=inplace=1', 'negate', 'format=gbrp'];
}
