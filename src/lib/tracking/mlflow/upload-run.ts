// Brings a server up to date with a run's folder: sends what it does not have, remembers it after every step, and so can stop and
// start anywhere. A repeat of anything changes nothing.

import { sha256Json } from '../../base/hash.js';
import { type Artifact, type ArtifactRecords, readArtifactRecords } from '../stored/artifact-records.js';
import { type RunRecord, readRunRecord } from '../stored/run-record.js';
import { statusOf } from '../stored/run-summary.js';
import type { MlflowClient } from './client.js';
import { ensureRun, parentOn, type UploadContext, withClaim } from './ensure-run.js';
import { type Pair, type ServerRun, takesArtifacts } from './server-run.js';
import { RECORD_ARTIFACT, SERVER_STATUS, serverDatasets, serverParams, serverTags } from './server-values.js';
import { uploadArtifact, uploadRecord } from './upload-artifacts.js';
import { uploadPoints } from './upload-points.js';
import { type UploadState, writeUploadState } from './upload-state.js';

/** What an upload sent. */
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
  /** Files that could not be sent, and why. */
  missing: string[];
}

/** The most pairs, and characters of them, that one call takes. */
const MOST_PAIRS = 100;
const MOST_CHARACTERS = 500_000;

/** Whether anything was sent. */
export function isChange({ missing: _, ...sent }: Uploaded): boolean {
  return Object.values(sent).some(Boolean);
}

/**
 * Uploads what a server does not have of a run.
 *
 * @throws ServerTrouble when it refuses, or cannot be reached; what was sent until then is remembered
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
    let state = await ensureRun(folder, record, context, () => {
      sent.created = true;
    });
    const remember = async (more: UploadState): Promise<void> => {
      state = { ...state, ...more };
      await writeUploadState(folder, client.uri, state);
    };
    const run = { id: state.run!, artifactUri: state.artifactUri! };
    const recorded = await readArtifactRecords(folder);
    await uploadPairs(client, run.id, record, context, state, sent, remember, recorded.artifacts);
    sent.points = await uploadPoints(client, run.id, folder, state.metricsByte ?? 0, (metricsByte) =>
      remember({ metricsByte }),
    );
    const datasets = serverDatasets(record);
    const inputs = sha256Json(datasets);
    if (datasets.length > 0 && inputs !== state.inputs) {
      await client.logInputs(run.id, datasets);
      sent.inputs = datasets.length;
      await remember({ inputs });
    }
    const { artifacts, refused } = takesArtifacts(run) ? await readArtifactRecords(folder) : NO_ARTIFACTS;
    sent.missing.push(...refused);
    if (!takesArtifacts(run)) sent.missing.push(noArtifacts(client, run));
    const owner = { ...record, folder };
    for (const artifact of artifacts) {
      if (state.artifacts?.[artifact.name] === artifact.sha256) continue;
      const outcome = await uploadArtifact(client, run, owner, record.id, artifact);
      if (typeof outcome === 'string') {
        sent.missing.push(outcome);
        continue;
      }
      sent.artifacts++;
      sent.bytes += outcome;
      await remember({ artifacts: { ...state.artifacts, [artifact.name]: artifact.sha256 } });
    }
    await uploadEnd(client, run, folder, record, state, sent, remember);
    return sent;
  });
}

const NO_ARTIFACTS: ArtifactRecords = { artifacts: [], refused: [] };

type Remember = (more: UploadState) => Promise<void>;

async function uploadPairs(
  client: MlflowClient,
  id: string,
  record: RunRecord,
  context: UploadContext,
  state: UploadState,
  sent: Uploaded,
  remember: Remember,
  artifacts: readonly Artifact[],
): Promise<void> {
  const params = serverParams(record);
  const paramsHash = sha256Json(params);
  if (params.length > 0 && state.params !== paramsHash) {
    for (const batch of batches(params)) await client.logBatch(id, { params: batch });
    sent.params = params.length;
    await remember({ params: paramsHash });
  }
  const hasImages = artifacts.some(({ image }) => image !== undefined);
  const tags = serverTags(record, await parentOn(record, context), hasImages);
  const tagsHash = sha256Json(tags);
  if (state.tags !== tagsHash) {
    for (const batch of batches(tags)) await client.logBatch(id, { tags: batch });
    sent.tags = tags.length;
    await remember({ tags: tagsHash });
  }
}

/** Pairs in the portions that one call takes. */
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

/** Status and record come last: a run that is finished there has everything. */
async function uploadEnd(
  client: MlflowClient,
  run: Pick<ServerRun, 'id' | 'artifactUri'>,
  folder: string,
  record: RunRecord,
  state: UploadState,
  sent: Uploaded,
  remember: Remember,
): Promise<void> {
  const { status, end } = statusOf(folder, record);
  const hash = sha256Json(record);
  if (status !== 'running' && takesArtifacts(run) && state.artifacts?.[RECORD_ARTIFACT] !== hash) {
    await uploadRecord(client, run, RECORD_ARTIFACT, folder);
    sent.artifacts++;
    await remember({ artifacts: { ...state.artifacts, [RECORD_ARTIFACT]: hash } });
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
  await remember({ status: word });
}

function noArtifacts({ uri }: MlflowClient, { artifactUri }: Pick<ServerRun, 'artifactUri'>): string {
  const scheme = /^[\w-]+:/.exec(artifactUri)?.[0] ?? 'a folder of its own';
  return `artifacts are not uploaded: ${uri} does not take them for this experiment (they would go to ${scheme}); start it with --serve-artifacts and use another experiment`;
}
