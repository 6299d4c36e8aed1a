// Formats times and durations of runs.

/** A time as 2026-01-31 12:34, in this machine's time zone. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace('T', ' ');
}

/** The time from a run's start to its end, or to now. */
export function formatDuration({ start, end }: { start: string; end?: string | undefined }): string {
  const seconds = Math.max(0, (Date.parse(end ?? new Date().toISOString()) - Date.parse(start)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
