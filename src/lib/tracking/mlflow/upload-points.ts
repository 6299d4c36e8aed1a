// Uploads the points of a run's metrics, a thousand per call.

import { join } from 'node:path';
import { readJsonLines } from '../stored/json-lines.js';
import { type MetricPoint, parsePoint } from '../stored/metric-points.js';
import { RUN_FILES } from '../stored/run-record.js';
import type { MlflowClient, ServerPoint } from './client.js';

/** Most points of one call. */
const MOST_POINTS = 1000;
/** Bytes of metrics.jsonl read at once. */
const PIECE = 1 << 20;

/** The points to send. */
export interface PointsUpload {
  /** The server's id of the run. */
  readonly id: string;
  /** The run's folder. */
  readonly folder: string;
  /** Byte of metrics.jsonl from which on points are sent. */
  readonly from: number;
}

/**
 * Sends points. Those that a later rewind removes are left out.
 *
 * @param remember called with the byte up to which the server has all points
 * @returns number of points sent
 */
export async function uploadPoints(
  client: MlflowClient,
  { id, folder, from }: PointsUpload,
  remember: (byte: number) => Promise<void>,
): Promise<number> {
  let sent = 0;
  const path = join(folder, RUN_FILES.metrics);
  const rewinds = await rewindsAfter(path, from);
  for (let byte = from; ; ) {
    const { values, next } = await readJsonLines(path, byte, PIECE);
    if (next === byte) return sent;
    while (rewinds.length > 0 && rewinds[0].byte <= byte) rewinds.shift();
    let points: MetricPoint[] = [];
    for (const value of values) {
      const point = parsePoint(value);
      if (point === undefined) continue;
      if ('rewind' in point) points = points.filter(({ step }) => step < point.rewind);
      else if (rewinds.every(({ step }) => point.step < step)) points.push(point);
    }
    for (let start = 0; start < points.length; start += MOST_POINTS) {
      const metrics = points.slice(start, start + MOST_POINTS).map(serverPoint);
      await client.logBatch(id, { metrics });
      sent += metrics.length;
    }
    byte = next;
    await remember(byte);
  }
}

/** Rewinds with the piece of the file that contains them. */
async function rewindsAfter(path: string, from: number): Promise<{ byte: number; step: number }[]> {
  const found: { byte: number; step: number }[] = [];
  for (let byte = from; ; ) {
    const { values, next } = await readJsonLines(path, byte, PIECE);
    if (next === byte) return found;
    for (const value of values) {
      const point = parsePoint(value);
      if (point && 'rewind' in point) found.push({ byte, step: point.rewind });
    }
    byte = next;
  }
}

function serverPoint({ key, value, step, time }: MetricPoint): ServerPoint {
  return { key, value: Number.isFinite(value) ? value : String(value), step, timestamp: Math.round(time) };
}
