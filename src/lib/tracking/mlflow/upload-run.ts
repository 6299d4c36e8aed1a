// Brings a server up to date with a run's folder: sends what it lacks and records every step, so that an upload can stop and
// continue anywhere. Repeating a step changes nothing.

import { sha256Json } from '../../base/hash.js';
import { type ArtifactRecords, readArtifactRecords } from '../stored/artifact-records.js';
import { type RunRecord, readRunRecord } from '../stored/run-record.js';
import { statusOf } from '../stored/run-summary.js';
import type { MlflowClient } from './client.js';
import { ensureRun, parentOn, type UploadContext, withClaim } from './ensure-run.js';
import { type Pair, type ServerRun, takesArtifacts } from './server-run.js';
import { RECORD_ARTIFACT, SERVER_STATUS, serverDatasets, serverParams, serverTags } from './server-values.js';
import { uploadArtifact, uploadRecord } from './upload-artifacts.js';
import { uploadPoints } from './upload-points.js';
import { type UploadState, writeUploadState } from './upload-state.js';

/**
 * Counts of what an upload sent.
 *
 * @inline
 */
export interface Uploaded {
  /** Whether the run is new on the server. */
  created: boolean;
  params: number;
  points: number;
  tags: number;
  inputs: number;
  artifacts: number;
  bytes: number;
  /** Whether its status was sent. */
  status: boolean;
  /** Files that could not be sent, with the reasons. */
  missing: string[];
}

/** Most pairs of one call, and most characters of them. */
const MOST_PAIRS = 100;
const MOST_CHARACTERS = 500_000;

/** Whether anything was sent. */
export function isChange({ missing: _, ...sent }: Uploaded): boolean {
  return Object.values(sent).some(Boolean);
}

/** The upload of one run. */
interface RunUpload {
  readonly context: UploadContext;
  readonly folder: string;
  readonly record: RunRecord;
  /** The run on the server. */
  readonly run: Pick<ServerRun, 'id' | 'artifactUri'>;
  /** What the server has. */
  state: UploadState;
  readonly sent: Uploaded;
}

/** Records what the server has now, in memory and on the disk. */
async function remember(upload: RunUpload, more: UploadState): Promise<void> {
  upload.state = { ...upload.state, ...more };
  await writeUploadState(upload.folder, upload.context.client.uri, upload.state);
}

/**
 * Uploads the parts of a run that a server lacks.
 *
 * @throws ServerTrouble when the server refuses or cannot be reached; what was sent before is recorded
 */
export async function uploadRun(folder: string, context: UploadContext): Promise<Uploaded> {
  const { client } = context;
  return withClaim(folder, async () => {
    const sent: Uploaded = {
      created: false,
      params: 0,
      points: 0,
      tags: 0,
      inputs: 0,
      artifacts: 0,
      bytes: 0,
      status: false,
      missing: [],
    };
    const record = await readRunRecord(folder);
    const state = await ensureRun(folder, record, context, () => {
      sent.created = true;
    });
    const run = { id: state.run!, artifactUri: state.artifactUri! };
    const upload: RunUpload = { context, folder, record, run, state, sent };
    await uploadPairs(upload, hasImages(await readArtifactRecords(folder)));
    const points = { id: run.id, folder, from: upload.state.metricsByte ?? 0 };
    sent.points = await uploadPoints(client, points, (metricsByte) => remember(upload, { metricsByte }));
    const datasets = serverDatasets(record);
    const inputs = sha256Json(datasets);
    if (datasets.length > 0 && inputs !== upload.state.inputs) {
      await client.logInputs(run.id, datasets);
      sent.inputs = datasets.length;
      await remember(upload, { inputs });
    }
    const { artifacts, refused } = takesArtifacts(run) ? await readArtifactRecords(folder) : NO_ARTIFACTS;
    sent.missing.push(...refused);
    if (!takesArtifacts(run)) sent.missing.push(noArtifacts(client, run));
    const owner = { ...record, folder };
    for (const artifact of artifacts) {
      if (upload.state.artifacts?.[artifact.name] === artifact.sha256) continue;
      const outcome = await uploadArtifact(client, run, owner, artifact);
      if (typeof outcome === 'string') {
        sent.missing.push(outcome);
        continue;
      }
      sent.artifacts++;
      sent.bytes += outcome;
      await remember(upload, { artifacts: { ...upload.state.artifacts, [artifact.name]: artifact.sha256 } });
    }
    await uploadEnd(upload);
    return sent;
  });
}

const NO_ARTIFACTS: ArtifactRecords = { artifacts: [], refused: [] };

const hasImages = ({ artifacts }: ArtifactRecords): boolean => artifacts.some(({ image }) => image !== undefined);

/** Uploads parameters and tags. */
async function uploadPairs(upload: RunUpload, withImages: boolean): Promise<void> {
  const { context, record, run, state, sent } = upload;
  const { client } = context;
  const params = serverParams(record);
  const paramsHash = sha256Json(params);
  if (params.length > 0 && state.params !== paramsHash) {
    for (const batch of batches(params)) await client.logBatch(run.id, { params: batch });
    sent.params = params.length;
    await remember(upload, { params: paramsHash });
  }
  const tags = serverTags(record, await parentOn(record, context), withImages);
  const tagsHash = sha256Json(tags);
  if (state.tags !== tagsHash) {
    for (const batch of batches(tags)) await client.logBatch(run.id, { tags: batch });
    sent.tags = tags.length;
    await remember(upload, { tags: tagsHash });
  }
}

/** Pairs in batches of at most one call. */
function* batches(pairs: readonly Pair[]): Generator<Pair[]> {
  let batch: Pair[] = [];
  let characters = 0;
  for (const pair of pairs) {
    const length = pair.key.length + pair.value.length;
    if (batch.length === MOST_PAIRS || (batch.length > 0 && characters + length > MOST_CHARACTERS)) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(pair);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

/** Uploads record and status, last: a run that is finished on the server has everything. */
async function uploadEnd(upload: RunUpload): Promise<void> {
  const { context, folder, record, run, state, sent } = upload;
  const { client } = context;
  const { status, end } = statusOf(folder, record);
  const hash = sha256Json(record);
  if (status !== 'running' && takesArtifacts(run) && state.artifacts?.[RECORD_ARTIFACT] !== hash) {
    await uploadRecord(client, run, RECORD_ARTIFACT, folder);
    sent.artifacts++;
    await remember(upload, { artifacts: { ...state.artifacts, [RECORD_ARTIFACT]: hash } });
  }
  const word = `${status} ${end ?? ''}`.trim();
  if (word === state.status || (status === 'running' && state.status === undefined)) return;
  const name = record.name;
  await client.updateRun(run.id, {
    name,
    status: SERVER_STATUS[status],
    end: end === undefined ? undefined : Date.parse(end),
  });
  sent.status = true;
  await remember(upload, { status: word });
}

function noArtifacts({ uri }: MlflowClient, { artifactUri }: Pick<ServerRun, 'artifactUri'>): string {
  const scheme = /^[\w-]+:/.exec(artifactUri)?.[0] ?? 'a folder of its own';
  return `artifacts are not uploaded: ${uri} does not take them for this experiment (they would go to ${scheme}); start it with --serve-artifacts and use another experiment`;
}
