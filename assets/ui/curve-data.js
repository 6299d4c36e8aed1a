// @ts-check
// The curves of metrics for the charts: those embedded in the page, or from the server, at the resolution of a chart.

/** @typedef {import('./runs-data.js').PageData} PageData @typedef {import('./runs-data.js').Curve} Curve */

/** Number of requested points per curve: about two per pixel of a chart. */
const POINTS = 900;
/** Maximum number of runs whose curves are drawn. */
export const MOST_CURVES = 40;

/**
 * The curves of a metric, one per run.
 *
 * @param {PageData} data
 * @param {string} key
 * @param {[from: number, to: number] | undefined} range of steps
 * @returns {Promise<Curve[]>}
 */
export async function readCurves(data, key, range) {
  if (data.curves) return data.curves.filter((curve) => curve.key === key);
  const query = new URLSearchParams({ key, points: String(POINTS) });
  for (const run of data.runs.slice(0, MOST_CURVES)) query.append('run', run.place);
  if (range) {
    query.set('from', String(range[0]));
    query.set('to', String(range[1]));
  }
  const response = await fetch(`/api/curves?${query}`);
  if (!response.ok) throw new Error((await response.json()).problem);
  return (await response.json()).curves;
}
