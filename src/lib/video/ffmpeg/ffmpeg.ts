// A run of ffmpeg: bytes in, bytes out, back pressure both ways, and errors with their cause. Callers build its arguments.

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

/** Options of a run besides its arguments. */
export interface RunOptions {
  /** The task of the run, for errors: `reading 'a.mp4'`. */
  readonly task: string;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/** A started ffmpeg. Its starter awaits `done` or calls `kill`. */
export interface FfmpegRun {
  /** Its standard output. */
  readonly output: Readable;
  /** Writes bytes and resolves once they were consumed; rejects with the reason if it has ended. */
  write(data: Uint8Array): Promise<void>;
  /** Closes its standard input. */
  end(): void;
  /**
   * Settles when it has ended. Rejects with a FailureError with ffmpeg's message, or that it crashed or was stopped because
   * it hung; or with the signal's reason.
   */
  readonly done: Promise<void>;
  /** Its standard error so far (the last 256 KiB). */
  said(): string;
  kill(): void;
}

/** It ended by itself with an error. */
class Complaint extends FailureError {}

/** Default maximum number of pixels of a frame: 8192 x 8192. */
export const DEFAULT_MAX_PIXELS: number = 8192 * 8192;

const STDERR_KEPT = 1 << 18;

/** A path as a URL that ffmpeg always treats as a file, never as an option, a protocol or a device. */
export function fileUrl(path: string): string {
  return `file:${resolve(path)}`;
}

/** Arguments that open an untrusted file: local files only, containers only, no frame above `maxPixels`. */
export function untrustedInput(ffmpeg: Ffmpeg, path: string, maxPixels: number): string[] {
  const limits = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', ffmpeg.demuxers];
  // ffmpeg detects formats by the first bytes, in which an animated PNG with long text looks like a still one.
  const kind = isAnimatedPng(path) ? ['-f', 'apng'] : [];
  return [...limits, ...kind, '-max_pixels', String(maxPixels), '-i', fileUrl(path)];
}

/**
 * Starts ffmpeg with the arguments that `build` returns for the ffmpeg that was found.
 *
 * @throws UsageError, FailureError when there is no ffmpeg, or when it does not start
 */
export async function startFfmpeg(build: (ffmpeg: Ffmpeg) => string[], options: RunOptions): Promise<FfmpegRun> {
  const { task, signal } = options;
  const ffmpeg = await findFfmpeg(options.onWarning);
  signal?.throwIfAborted();
  // FFREPORT would create a log file in every run.
  const env = childEnvironment({ FFREPORT: undefined, AV_LOG_FORCE_NOCOLOR: '1' });
  const child = spawn(ffmpeg.path, ['-hide_banner', '-nostdin', ...build(ffmpeg)], {
    env,
    windowsHide: true,
    detached: process.platform !== 'win32', // this process handles Ctrl-C
  });
  if (!child.stderr) {
    // If pipes cannot be created, Node sets none of them and emits an error later.
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
  child.stdin.on('error', () => {}); // failed writes are reported to their callbacks
  child.stdout.on('error', () => {}); // and failed reads to their readers

  const done = new Promise<void>((fulfil, reject) => {
    const unwatch = watchFfmpeg(child, {
      isWaitedFor: () => writing > 0 || (inputEnded && child.stdout.readableLength === 0),
      said: () => said.length,
      onHang(seconds) {
        const hung = new FailureError(
          `${task}: ffmpeg has made no progress for ${Math.round(seconds)} seconds and was stopped; look whether the drive answers, try another ffmpeg with FFMPEG_PATH, or give it more seconds with STEADYFRAME_FFMPEG_TIMEOUT`,
        );
        // Killing is not enough: if a drive does not respond, the process does not end.
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
  done.catch(() => {}); // the caller may get the error from `write` or `output` first

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
 * Runs ffmpeg to its end, discards its output, and returns its standard error.
 *
 * @param options `allowFailure` for runs that always end with an error
 * @throws FailureError when it does not start, crashes, hangs, or, unless allowed, ends with an error
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

/** Signals of crashes, and their numbers, which a shell adds to 128. */
const FAULTS: Readonly<Record<string, number>> = {
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGSEGV: 11,
  SIGSYS: 31,
};

/** Description of the crash of a process that was not stopped here; undefined if it did not crash. */
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

// Printed when the last bytes of a file could not be written; old and new builds still exit with 0.
const UNWRITTEN = /^Error (writing trailer|closing file|muxing)|No space left on device/m;

// Lines of ffmpeg after the one with the cause.
const AFTERMATH =
  /^(Conversion failed|Error (while|initializing|opening|writing|submitting|closing|muxing|reinitializing|sending)|Failed to inject|Last message|At least one|Could not write header|Nothing was written|Task finished|Terminating thread|Cannot determine|Exiting)/;

/** The last one or two lines of ffmpeg's stderr that state a cause, without addresses and file: prefixes. */
export function reasonOf(stderr: string): string {
  if (/No space left on device/.test(stderr)) {
    return 'the disk is full (ENOSPC) and nothing half-written was left there; free some space and run again';
  }
  if (/Unknown encoder 'libx264'/.test(stderr)) {
    return 'this ffmpeg was built without libx264; set FFMPEG_PATH to one that has it';
  }
  const lines = stderr
    .split(/[\r\n]+/)
    // If lines have their level (-loglevel level+...), only those of errors.
    .filter((line) => !/^(\[[^\]]* @ [^\]]*\] *)*\[(warning|info|verbose|debug|trace)\]/.test(line))
    .map((line) => line.replace(/^(\[[^\]]*\] *)+/, '').trim())
    .filter((line) => line !== '');
  const causes = lines.filter((line) => !AFTERMATH.test(line));
  return [...new Set((causes.length > 0 ? causes : lines).slice(-2))]
    .join('; ')
    .replaceAll('file:', '')
    .replace(/\.$/, '');
}
