// Finds ffmpeg and the properties that are needed to start it. ffmpeg.ts starts it.

import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { fewDescriptors } from '../../base/atomic-file.js';
import { variable } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { type Warn, warnOnStderr } from '../../base/warn.js';
import { ffmpegPatience } from './watch-ffmpeg.js';

/** An ffmpeg that was found and runs. */
export interface Ffmpeg {
  readonly path: string;
  /** Where it was found, for messages. */
  readonly origin: '$FFMPEG_PATH' | 'PATH' | 'ffmpeg-static' | '@ffmpeg-installer/ffmpeg';
  /** Version as it prints it, such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** Arguments that keep every decoded frame exactly once, whatever its timestamp. */
  readonly everyFrame: readonly string[];
  /** Comma-separated demuxers that an untrusted file may select. */
  readonly demuxers: string;
}

// Demuxers that open other files or devices by name, or that render text files as pictures.
const REFUSED_DEMUXERS = new Set(
  (
    'hls applehttp concat dash imf webm_dash_manifest image2 sdp rtp rtsp sap lavfi avisynth vapoursynth svg_pipe ' +
    'tty adf bin idf xbin ffmetadata alsa android_camera avfoundation bktr decklink dshow fbdev gdigrab iec61883 jack ' +
    'kmsgrab libcdio libdc1394 openal oss pulse sndio v4l2 video4linux2 vfwcap x11grab xcbgrab'
  ).split(' '),
);

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const found = new Map<string, Promise<Ffmpeg>>();
let warnedOfOldBuild = false;

/**
 * Finds ffmpeg: `$FFMPEG_PATH`, then `ffmpeg` on the PATH, then the packages `ffmpeg-static` and `@ffmpeg-installer/ffmpeg`.
 * The last one has a build of 2018; if it is used, `warn` is called once per process.
 *
 * @throws UsageError when `$FFMPEG_PATH` is not a program
 * @throws FailureError when there is none, or when the one that was found does not run
 */
export async function findFfmpeg(warn: Warn = warnOnStderr): Promise<Ffmpeg> {
  const key = `${variable('FFMPEG_PATH')}\0${variable('PATH')}`;
  let finding = found.get(key);
  if (!finding) {
    finding = locate();
    found.set(key, finding);
    finding.catch(() => found.delete(key));
  }
  const ffmpeg = await finding;
  if (ffmpeg.origin === '@ffmpeg-installer/ffmpeg' && !warnedOfOldBuild) {
    warnedOfOldBuild = true;
    warn(
      'video is read and written with the ffmpeg of 2018 that @ffmpeg-installer/ffmpeg brings; ' +
        'install a current ffmpeg, or name one in FFMPEG_PATH, especially for files you did not make yourself',
    );
  }
  return ffmpeg;
}

async function locate(): Promise<Ffmpeg> {
  const named = variable('FFMPEG_PATH');
  if (named) {
    if (!isProgram(named)) {
      throw new UsageError(`FFMPEG_PATH is '${named}', which is not a program; set it to an ffmpeg, or unset it`);
    }
    return inspect(named, '$FFMPEG_PATH');
  }
  const onPath = searchPath(process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg');
  if (onPath) return inspect(onPath, 'PATH');
  const fromStatic = packaged('ffmpeg-static', (exported) => exported as string);
  if (fromStatic) return inspect(fromStatic, 'ffmpeg-static');
  const installed = packaged('@ffmpeg-installer/ffmpeg', (exported) => (exported as { path: string }).path);
  if (installed) return inspect(installed, '@ffmpeg-installer/ffmpeg');
  throw new FailureError(
    'no ffmpeg was found: FFMPEG_PATH is not set, none is on the PATH, and neither ffmpeg-static nor ' +
      '@ffmpeg-installer/ffmpeg has one for this platform; install ffmpeg and try again',
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function searchPath(name: string): string | undefined {
  const folders = (variable('PATH') ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/**
 * The program of a package, or undefined if its download failed. If npm skipped the package's install script, which for some
 * packages only makes a file executable, the file is made executable here.
 *
 * @internal
 */
export function packagedProgram(path: string): string | undefined {
  if (isProgram(path)) return path;
  try {
    chmodSync(path, 0o755);
  } catch {
    return undefined; // missing, or another user's
  }
  return isProgram(path) ? path : undefined;
}

function packaged(name: string, pathOf: (exported: unknown) => string): string | undefined {
  try {
    const path = pathOf(require(name));
    return path ? packagedProgram(path) : undefined;
  } catch {
    return undefined; // not installed, or without a build for this platform
  }
}

async function inspect(path: string, origin: Ffmpeg['origin']): Promise<Ffmpeg> {
  const timeout = 1000 * ffmpegPatience();
  try {
    const [about, demuxers] = await Promise.all([
      run(path, ['-hide_banner', '-version'], { timeout }),
      run(path, ['-hide_banner', '-demuxers'], { maxBuffer: 1 << 22, timeout }),
    ]);
    const version = /^ffmpeg version (\S+)/m.exec(about.stdout)?.[1];
    if (!version) throw new Error('it does not answer like an ffmpeg');
    const library = Number(/^libavformat\s+(\d+)\./m.exec(about.stdout)?.[1] ?? 0);
    // -fps_mode replaces -vsync: libavformat 60 (FFmpeg 6) is the first version in which every build has the new one.
    const everyFrame = library >= 60 ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'];
    return { path, origin, version, everyFrame, demuxers: allowedDemuxers(demuxers.stdout) };
  } catch (error) {
    const { code, signal, killed } = error as NodeJS.ErrnoException & { signal?: string; killed?: boolean };
    const few = fewDescriptors(code);
    if (few !== undefined) throw new FailureError(`ffmpeg cannot be started: ${few}`, { cause: error });
    const reason = killed
      ? `it has not answered for ${ffmpegPatience()} seconds`
      : signal
        ? `it crashed (${signal})`
        : (error as Error).message.split('\n')[0];
    throw new FailureError(
      `the ffmpeg at '${path}' (from ${origin}) does not run: ${reason}; set FFMPEG_PATH to another`,
    );
  }
}

/** Names in the output of `ffmpeg -demuxers`, without the refused ones. */
function allowedDemuxers(listing: string): string {
  const names: string[] = [];
  for (const line of listing.split('\n')) {
    const name = /^ D[ E]?d?\s+(\S+)\s/.exec(line)?.[1];
    if (name && name !== '=' && !name.split(',').some((one) => REFUSED_DEMUXERS.has(one))) names.push(name);
  }
  if (names.length === 0) throw new Error('it lists no demuxers');
  return names.join(',');
}
