// Formats times, and durations between two.

import { formatSeconds } from './progress.js';

/** A time as 2026-01-31 12:34, in this machine's time zone. */
export function formatTime(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE').slice(0, 16);
}

/** The time from a run's start to its end, or to now. */
export function formatDuration({ start, end }: { start: string; end?: string | undefined }): string {
  return formatSeconds(((end === undefined ? Date.now() : Date.parse(end)) - Date.parse(start)) / 1000);
}
