// A run on the server, and the destination of its artifacts.

import { z } from 'zod';
import { FailureError } from '../../base/errors.js';

/** The tag by which our runs are found on the server. */
export const RUN_ID_TAG = 'steadyframe.run_id';

/** A run on the server. */
export interface ServerRun {
  readonly id: string;
  readonly experiment: string;
  /** Destination of its artifacts: `mlflow-artifacts:/1/RUN/artifacts` if the server accepts them. */
  readonly artifactUri: string;
  /** Whether it was deleted there. */
  readonly deleted: boolean;
  /** The id of our run that it is a copy of. */
  readonly ourId?: string;
}

/** A key and a text. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** An id of the server in the form allowed in requests and files. */
export const serverId = z.string().regex(/^[\w.:-]{1,200}$/);

/** How the REST API describes a run. */
export const restRun = z.object({
  info: z.object({
    run_id: serverId,
    experiment_id: serverId,
    artifact_uri: z.string().max(2000).nullish(),
    lifecycle_stage: z.string().max(100).nullish(),
  }),
  data: z
    .object({
      tags: z
        .array(z.object({ key: z.string(), value: z.string() }))
        .max(10_000)
        .nullish(),
    })
    .nullish(),
});

/** A run in the REST API. */
export type RestRun = z.infer<typeof restRun>;

/** Converts a run of the REST API. */
export function serverRun({ info, data }: RestRun): ServerRun {
  const ourId = data?.tags?.find(({ key }) => key === RUN_ID_TAG)?.value;
  return {
    id: info.run_id,
    experiment: info.experiment_id,
    artifactUri: info.artifact_uri ?? '',
    deleted: info.lifecycle_stage === 'deleted',
    ...(ourId !== undefined && { ourId }),
  };
}

/**
 * Whether a server accepts a run's artifacts itself. Otherwise they belong in a store that only MLflow's own client writes
 * to.
 */
export function takesArtifacts({ artifactUri }: Pick<ServerRun, 'artifactUri'>): boolean {
  const [, place] = PROXIED.exec(artifactUri) ?? [];
  // A path with `..` would lead requests to other parts of the server.
  return place !== undefined && !place.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part));
}

const PROXIED = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*?)\/*$/;

/** The path of a run's artifacts below the server's store, encoded. */
export function artifactPlace(artifactUri: string): string {
  return encodePath(PROXIED.exec(artifactUri)?.[1] ?? '');
}

/**
 * A path with its parts encoded for a URL.
 *
 * @throws FailureError for a path with `..`, which leads to other folders
 */
export function encodePath(path: string): string {
  const parts = path.split('/');
  if (parts.some((part) => part === '.' || part === '..')) {
    throw new FailureError(
      `'${path.slice(0, 200)}' leads out of the place for a run's artifacts; nothing is sent there`,
    );
  }
  return parts.map(encodeURIComponent).join('/');
}
