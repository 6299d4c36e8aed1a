// One run of ffmpeg: bytes in, bytes out, back pressure both ways, and an error that says what happened.
// What it is asked to do is decided in probe.ts, video-file.ts and write-encoded.ts.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fewDescriptors } from '../../base/atomic-file.js';
import { childEnvironment } from '../../base/environment.js';
import { FailureError } from '../../base/errors.js';
import { onAbort } from '../../base/on-abort.js';
import type { Warn } from '../../base/warn.js';
import { isAnimatedPng } from '../probe/animated-png.js';
import { type Ffmpeg, findFfmpeg } from './find-ffmpeg.js';
import { watchFfmpeg } from './watch-ffmpeg.js';

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
  /**
   * Settles when it has ended: FailureError when that was not well, with its own words, or that it crashed or was stopped because
   * it hung; or the signal's reason.
   */
  readonly done: Promise<void>;
  /** What it has said so far (the last 256 KiB). */
  said(): string;
  kill(): void;
}

/** It ended of its own accord, with a complaint. */
class Complaint extends FailureError {}

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
  const env = childEnvironment({ FFREPORT: undefined, AV_LOG_FORCE_NOCOLOR: '1' });
  const child = spawn(ffmpeg.path, ['-hide_banner', '-nostdin', ...build(ffmpeg)], {
    env,
    windowsHide: true,
    detached: process.platform !== 'win32', // Ctrl-C is for us to answer
  });
  if (!child.stderr) {
    // Without pipes Node gives none of them, and an error a moment later.
    throw await new Promise((resolve) => child.once('error', (error) => resolve(startError(task, ffmpeg.path, error))));
  }
  let said = '';
  let killed = false;
  let inputEnded = false;
  let writing = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-STDERR_KEPT);
  });
  const kill = () => {
    killed = true;
    child.kill('SIGKILL');
  };
  const forget = onAbort(signal, kill);
  child.stdin.on('error', () => {}); // a write that fails is answered in its own callback
  child.stdout.on('error', () => {}); // and a read by its reader

  const done = new Promise<void>((fulfil, reject) => {
    const unwatch = watchFfmpeg(child, {
      isWaitedFor: () => writing > 0 || (inputEnded && child.stdout.readableLength === 0),
      said: () => said.length,
      onHang(seconds) {
        const hung = new FailureError(
          `${task}: ffmpeg has made no progress for ${Math.round(seconds)} seconds and was stopped; look whether the drive answers, try another ffmpeg with FFMPEG_PATH, or give it more seconds with STEADYFRAME_FFMPEG_TIMEOUT`,
        );
        // Not only killed: where a drive does not answer, not even that ends it.
        reject(hung);
        kill();
        child.stdin.destroy(hung);
        child.stdout.destroy(hung);
        child.stderr.destroy();
        child.unref();
      },
    });
    child.once('error', (error) => {
      unwatch();
      reject(startError(task, ffmpeg.path, error));
    });
    child.once('close', (code, killedBy) => {
      unwatch();
      forget();
      const crash = killed ? undefined : crashOf(code, killedBy, said);
      if (signal?.aborted) reject(signal.reason);
      else if (code === 0 && !UNWRITTEN.test(said)) fulfil();
      else if (crash) reject(new FailureError(`${task}: ${crash}`));
      else reject(new Complaint(`${task}: ${reasonOf(said) || `ffmpeg ended with ${killedBy ?? `code ${code}`}`}`));
    });
  });
  done.catch(() => {}); // the caller may learn of it through `write` or `output` first

  return {
    output: child.stdout,
    done,
    kill,
    said: () => said,
    end() {
      inputEnded = true;
      child.stdin.end();
    },
    async write(data) {
      writing++;
      const error = await new Promise<Error | null | undefined>((fulfil) => child.stdin.write(data, fulfil));
      writing--;
      if (!error) return;
      await done;
      throw new FailureError(`${task}: ffmpeg stopped reading frames before the last one`);
    },
  };
}

/**
 * Runs ffmpeg to its end, discards its output, and returns what it said.
 *
 * @param options `allowFailure` for runs that always end with a complaint
 * @throws FailureError when it does not start, crashes, hangs, or, unless allowed, complains
 */
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
    if (!options.allowFailure || !(error instanceof Complaint)) throw error;
  }
  return run.said();
}

/** Signals that a program gets for its own fault, and the numbers by which a shell passes them on, above 128. */
const FAULTS: Readonly<Record<string, number>> = {
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGSEGV: 11,
  SIGSYS: 31,
};

/** How a process that was not stopped by us came to its end without ending; undefined where it ended. */
function crashOf(code: number | null, killedBy: string | null, said: string): string | undefined {
  const viaShell = Object.keys(FAULTS).find((name) => code === 128 + FAULTS[name] && reasonOf(said) === '');
  const fault = killedBy ?? viaShell;
  const isWindowsFault = code !== null && code >= 0xc0000000;
  if (fault === undefined && !isWindowsFault) return code === 137 && reasonOf(said) === '' ? KILLED : undefined;
  if (fault === 'SIGKILL') return KILLED;
  const how = fault ?? `0x${code!.toString(16)}`;
  if (fault !== undefined && !(fault in FAULTS)) return `ffmpeg was stopped from outside (${how}); run again`;
  return `ffmpeg crashed (${how}), which is its fault and says little about the file; try another ffmpeg with FFMPEG_PATH`;
}

const KILLED =
  'ffmpeg was killed (SIGKILL), often because the system is out of memory; free some, or use smaller frames, and run again';

function startError(task: string, path: string, error: Error): FailureError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = fewDescriptors(code) ?? `'${path}' does not start: ${error.message}; set FFMPEG_PATH to another`;
  return new FailureError(`${task}: ${reason}`, { cause: error });
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
