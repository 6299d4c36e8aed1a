// Sizes for people to read.

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Bytes with a decimal unit: `3.4 GB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}
