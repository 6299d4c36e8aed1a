// One run of ffmpeg: bytes in, bytes out, back pressure both ways, and an error that says what happened.
// What it is asked to do is decided in probe.ts, video-file.ts and write-encoded.ts.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { FailureError } from '../base/errors.js';
import { isAnimatedPng } from './animated-png.js';
import { type Ffmpeg, findFfmpeg, type Warn } from './find-ffmpeg.js';

/** What a run is told besides its arguments. */
export interface RunOptions {
  /** What the run does, for error sentences: `reading 'a.mp4'`. */
  readonly task: string;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/** A started ffmpeg. Whoever starts it awaits `done` or calls `kill`. */
export interface FfmpegRun {
  /** Its standard output. */
  readonly output: Readable;
  /** Hands it bytes and resolves when they were taken; rejects with the reason when it has ended. */
  write(data: Uint8Array): Promise<void>;
  /** Closes its standard input. */
  end(): void;
  /** Settles when it has ended: FailureError with its own words when that was not well, or the signal's reason. */
  readonly done: Promise<void>;
  /** What it has said so far (the last 256 KiB). */
  said(): string;
  kill(): void;
}

/** Pixels a frame may have unless told otherwise: 8192 x 8192. */
export const DEFAULT_MAX_PIXELS: number = 8192 * 8192;

const STDERR_KEPT = 1 << 18;

/** A path as ffmpeg must see it: always a file, never an option, a protocol or a device. */
export function fileUrl(path: string): string {
  return `file:${resolve(path)}`;
}

/** Arguments that open an untrusted file: local files only, containers only, no frame above `maxPixels`. */
export function untrustedInput(ffmpeg: Ffmpeg, path: string, maxPixels: number): string[] {
  const limits = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', ffmpeg.demuxers];
  // ffmpeg looks at the first bytes, where an animated PNG with much text looks like a still one.
  const kind = isAnimatedPng(path) ? ['-f', 'apng'] : [];
  return [...limits, ...kind, '-max_pixels', String(maxPixels), '-i', fileUrl(path)];
}

/**
 * Starts ffmpeg with `args`, which `build` makes for the ffmpeg that was found.
 *
 * @throws UsageError, FailureError when there is no ffmpeg, or when it does not start
 */
export async function startFfmpeg(build: (ffmpeg: Ffmpeg) => string[], options: RunOptions): Promise<FfmpegRun> {
  const { task, signal } = options;
  const ffmpeg = await findFfmpeg(options.onWarning);
  signal?.throwIfAborted();
  // FFREPORT would make every run leave a log file behind.
  const env = { ...process.env, FFREPORT: undefined, AV_LOG_FORCE_NOCOLOR: '1' };
  const child = spawn(ffmpeg.path, ['-hide_banner', '-nostdin', ...build(ffmpeg)], {
    env,
    windowsHide: true,
    detached: process.platform !== 'win32', // Ctrl-C is for us to answer
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-STDERR_KEPT);
  });
  const kill = () => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  child.stdin.on('error', () => {}); // a write that fails is answered in its own callback

  const done = new Promise<void>((fulfil, reject) => {
    child.once('error', (error) =>
      reject(new FailureError(`${task}: '${ffmpeg.path}' does not start: ${error.message}`)),
    );
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', kill);
      if (signal?.aborted) reject(signal.reason);
      else if (code === 0 && !UNWRITTEN.test(said)) fulfil();
      else reject(new FailureError(`${task}: ${reasonOf(said) || `ffmpeg ended with ${killedBy ?? `code ${code}`}`}`));
    });
  });
  done.catch(() => {}); // the caller may learn of it through `write` or `output` first

  return {
    output: child.stdout,
    done,
    kill,
    said: () => said,
    end: () => child.stdin.end(),
    async write(data) {
      const error = await new Promise<Error | null | undefined>((fulfil) => child.stdin.write(data, fulfil));
      if (!error) return;
      await done;
      throw new FailureError(`${task}: ffmpeg stopped reading frames before the last one`);
    },
  };
}

/** Runs ffmpeg to its end, discards its output, and returns what it said; `allowFailure` for runs that always fail. */
export async function runFfmpeg(
  build: (ffmpeg: Ffmpeg) => string[],
  options: RunOptions & { readonly allowFailure?: boolean },
): Promise<string> {
  const run = await startFfmpeg(build, options);
  run.end();
  run.output.resume();
  try {
    await run.done;
  } catch (error) {
    if (!options.allowFailure || options.signal?.aborted) throw error;
  }
  return run.said();
}

// Said when the last bytes of a file could not be written; old and new builds end well all the same.
const UNWRITTEN = /^Error (writing trailer|closing file|muxing)|No space left on device/m;

// What ffmpeg adds after the line that tells the cause.
const AFTERMATH =
  /^(Conversion failed|Error (while|initializing|opening|writing|submitting|closing|muxing|reinitializing|sending)|Failed to inject|Last message|At least one|Could not write header|Nothing was written|Task finished|Terminating thread|Cannot determine|Exiting)/;

/** The last one or two lines of ffmpeg's stderr that tell a cause, without addresses and file: prefixes. */
export function reasonOf(stderr: string): string {
  if (/No space left on device/.test(stderr)) {
    return 'the disk is full (ENOSPC) and nothing half-written was left there; free some space and run again';
  }
  if (/Unknown encoder 'libx264'/.test(stderr)) {
    return 'this ffmpeg was built without libx264; set FFMPEG_PATH to one that has it';
  }
  const lines = stderr
    .split(/[\r\n]+/)
    // Where lines bear their level (-loglevel level+...), only those of errors.
    .filter((line) => !/^(\[[^\]]* @ [^\]]*\] *)*\[(warning|info|verbose|debug|trace)\]/.test(line))
    .map((line) => line.replace(/^(\[[^\]]*\] *)+/, '').trim())
    .filter((line) => line !== '');
  const causes = lines.filter((line) => !AFTERMATH.test(line));
  return [...new Set((causes.length > 0 ? causes : lines).slice(-2))]
    .join('; ')
    .replaceAll('file:', '')
    .replace(/\.$/, '');
}
