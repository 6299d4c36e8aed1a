// The times of a video file's frames that a selection needs, from scan-times.ts.

import { animationDelays, delaysToTimes } from '../probe/animation-delays.js';
import { isBareStream } from '../probe/describe-input.js';
import type { Probe } from '../probe/probe.js';
import type { Selection, SourceTimes } from '../read/selection.js';
import { rateFromPrinted } from './frame-rate.js';
import { ascending, steadyRate, TIME_SLACK } from './frame-times.js';
import { type ScanPlan, scanPackets, scanTimes } from './scan-times.js';

/** A file whose times are read. */
export interface TimedFile extends Omit<ScanPlan, 'stream' | 'seek'> {
  readonly probe: Probe;
}

/** A probe with a frame rate. */
export interface RatedProbe extends Probe {
  readonly frameRate: number;
  /** Origin of the rate: the container, or the times of the frames. */
  readonly rateFrom: 'container' | 'timestamps';
  /** The times of all frames, if they had to be read for it. */
  readonly times?: SourceTimes;
}

/** Times of a file's frames, from the key frame before `seek` on. */
export interface FileTimes extends SourceTimes {
  readonly seek?: number;
}

/** Assumed duration of a frame in seconds if nothing is known. */
const UNKNOWN_PERIOD = 0.04;

// Containers with an index of their frames. Seeking in others can end after the requested frame.
const INDEXED = new Set(['mov', 'matroska', 'avi']);
// Containers whose clock may restart in the middle; a gap of more than this many seconds is not a pause.
const LEAPING = new Set(['mpegts', 'mpeg']);
const LEAP = 10;

/** Number of frames of a bare stream whose invented timestamps are averaged. */
const MEASURED_FRAMES = 60;

/**
 * Adds a frame rate to a probe: animations have a delay for each picture; recordings of browsers and bare streams have only
 * the rate of their timestamps.
 *
 * @throws FailureError when ffmpeg fails
 */
export async function rated(file: TimedFile): Promise<RatedProbe> {
  const { path, probe } = file;
  const delays = await animationDelays(path, probe.container);
  if (delays) {
    const shown = delaysToTimes(delays);
    const frameRate = delays.length / shown.end;
    return { ...probe, frameRate, duration: shown.end, rateFrom: 'container', times: { ...shown, tick: 0 } };
  }
  const { frameRate } = probe;
  if (frameRate !== undefined) return { ...probe, frameRate, rateFrom: 'container' };
  if (isBareStream(probe.container)) return { ...probe, frameRate: await bareRate(file), rateFrom: 'container' };
  const { times, end, tick } = await listTimes(file, { start: 0, every: 1 }, undefined);
  const lasts = end - (times[0] ?? 0);
  const mean = steadyRate(times, tick, [probe.baseRate]) ?? (lasts > 0 ? times.length / lasts : 1 / UNKNOWN_PERIOD);
  const known = { times, end, tick, rates: [mean] };
  return { ...probe, frameRate: mean, duration: probe.duration ?? end, rateFrom: 'timestamps', times: known };
}

async function bareRate(file: TimedFile): Promise<number> {
  const times: number[] = [];
  for await (const time of scanTimes({ ...file, stream: file.probe.stream })) {
    times.push(time);
    if (times.length > MEASURED_FRAMES) break;
  }
  const mean = (times.length - 1) / (times[times.length - 1] - times[0]);
  return mean > 0 && mean < 1000 ? rateFromPrinted(Math.round(100 * mean) / 100) : 1 / UNKNOWN_PERIOD;
}

/**
 * The times of the frames from the selection's start to the first one after its end.
 *
 * @throws FailureError when ffmpeg fails
 */
export async function readTimes(file: TimedFile & { probe: RatedProbe }, selection: Selection): Promise<FileTimes> {
  const { probe } = file;
  if (probe.times) return probe.times;
  // A deinterlaced frame always depends on the previous one.
  const seek =
    selection.start > 0 && isOf(probe, INDEXED) && probe.fields !== 'interlaced' ? selection.start : undefined;
  const read = await listTimes(file, selection, seek);
  const late = seek !== undefined && (read.times.length === 0 || read.times[0] > selection.start + TIME_SLACK);
  return late ? listTimes(file, selection, undefined) : { ...read, seek };
}

async function listTimes(file: TimedFile, selection: Selection, seek: number | undefined): Promise<SourceTimes> {
  const { probe } = file;
  const { start, duration = Number.POSITIVE_INFINITY, every, frameRate } = selection;
  const count = selection.frames ?? Number.POSITIVE_INFINITY;
  const until = start + Math.min(duration, frameRate === undefined ? duration : count / frameRate);
  const most = frameRate === undefined ? count * every + 1 : Number.POSITIVE_INFINITY;
  const bare = isBareStream(probe.container);
  const period = 1 / (probe.frameRate ?? 1 / UNKNOWN_PERIOD);
  const place = ascending(period, isOf(probe, LEAPING) ? LEAP : undefined);
  const times: number[] = [];
  let later = 0;
  let whole = true;
  for await (const stored of scanTimes({ ...file, stream: probe.stream, ...(seek !== undefined && { seek }) })) {
    const time = bare ? times.length * period : place(stored - probe.startTime);
    times.push(time);
    if (time > start + TIME_SLACK) later++;
    if (time >= until + TIME_SLACK || later > most) {
      whole = false;
      break;
    }
  }
  const tick = bare ? 0 : probe.tick;
  const rates = [probe.frameRate, probe.baseRate];
  const end = whole && times.length > 0 ? await endOf(file, times, steadyRate(times, tick, rates)) : undefined;
  return { times, end: end ?? (whole ? 0 : Number.POSITIVE_INFINITY), tick, rates };
}

/** The end of a file's last frame. The container's duration may be that of the sound. */
async function endOf(file: TimedFile, times: readonly number[], steady: number | undefined): Promise<number> {
  const { probe } = file;
  const last = times[times.length - 1];
  const mean = times.length > 1 ? (last - times[0]) / (times.length - 1) : UNKNOWN_PERIOD;
  const period = steady === undefined ? mean : 1 / steady;
  const told = probe.duration ?? 0;
  // The container's duration is printed in hundredths of a second.
  if (steady !== undefined && told - last < 1.5 * period + 0.02) return last + period;
  if (probe.container.startsWith('mov')) {
    let end = 0;
    for await (const packet of scanPackets({ ...file, stream: probe.stream })) end = Math.max(end, packet);
    if (end - probe.startTime > last) return end - probe.startTime;
  }
  return told > last && (probe.audioCodec === undefined || told - last < 1.5 * period) ? told : last + period;
}

function isOf({ container }: Probe, names: ReadonlySet<string>): boolean {
  return container.split(',').some((name) => names.has(name));
}
