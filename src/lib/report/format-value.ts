// Formats numbers for pages.

/** A number with four significant digits, without trailing zeros; a dash if it is undefined, ∞ if it is infinite. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size >= 10_000) return Math.round(value).toLocaleString('en-US').replace('-', '−');
  if (size > 0 && size < 1e-3) return value.toExponential(2).replaceAll('-', '−');
  return value
    .toPrecision(4)
    .replace('-', '−')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** A metric's value. For PSNR, null means identical frames; for others, no value. */
export function formatMetric(name: string, value: number | null | undefined): string {
  return name === 'psnr' && value === null ? '∞' : formatValue(value);
}
