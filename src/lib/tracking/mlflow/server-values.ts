// A run in MLflow's terms: its tags, parameters, datasets and status.

import { parameterText } from '../log/parameters.js';
import type { RunInput, RunRecord, RunStatus } from '../stored/run-record.js';
import { type Pair, RUN_ID_TAG } from './server-run.js';

/** Most characters of a parameter; a server silently cuts longer ones. */
const LONGEST_PARAMETER = 6000;
/** Most characters of a tag, the limit of servers before 3.0. */
const LONGEST_TAG = 5000;
const LONGEST_DIGEST = 36;

/** MLflow's word for a status. */
export const SERVER_STATUS: Readonly<Record<RunStatus, string>> = {
  running: 'RUNNING',
  finished: 'FINISHED',
  failed: 'FAILED',
  interrupted: 'KILLED',
};

/** Name of the artifact with a finished run's complete run.json. */
export const RECORD_ARTIFACT = 'steadyframe/run.json';

/** Parameters. A long one is cut with an ellipsis; its full text is in the run's `steadyframe/run.json`. */
export function serverParams({ parameters }: RunRecord): Pair[] {
  return Object.entries(parameters).map(([key, value]) => ({
    key,
    value: cut(parameterText(value), LONGEST_PARAMETER),
  }));
}

/**
 * Tags: those of the run, those by which MLflow shows user, source, commit and parent, and ours.
 *
 * @param parent the server's id of the parent
 */
export function serverTags(run: RunRecord, parent: string | undefined, hasImages: boolean): Pair[] {
  const { id, version, user, command, git, device, machine, key, error, inputs, tags } = run;
  const all: Record<string, string | undefined> = {
    [RUN_ID_TAG]: id,
    'steadyframe.version': version,
    'steadyframe.host': machine.host,
    'steadyframe.device': device,
    'steadyframe.key': key,
    'steadyframe.error': error,
    'steadyframe.parent_id': run.parent,
    'mlflow.user': user,
    'mlflow.source.name': command,
    'mlflow.source.type': command && (command.endsWith('.ipynb') ? 'NOTEBOOK' : 'LOCAL'),
    'mlflow.source.git.commit': git?.commit,
    'mlflow.source.git.branch': git?.branch,
    'mlflow.source.git.dirty': git?.dirty === undefined ? undefined : git.dirty ? 'True' : 'False',
    'mlflow.parentRunId': parent,
    'mlflow.loggedImages': hasImages ? 'True' : undefined,
    ...modelTags(inputs),
    ...tags,
  };
  return Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [{ key: name, value: cut(value, LONGEST_TAG) }],
  );
}

function modelTags(inputs: readonly RunInput[]): Record<string, string> {
  const models = inputs.filter(({ kind }) => kind === 'model' || kind === 'adapter');
  return Object.fromEntries(
    models.map(({ kind, name, sha256 }) => [`steadyframe.${kind}.${name.replace(/[^\w.\- /]/g, '_')}`, sha256]),
  );
}

/** The videos and pictures that a run works on, as dataset inputs. */
export function serverDatasets({ inputs }: RunRecord): object[] {
  return inputs
    .filter(({ kind }) => kind === 'video' || kind === 'picture')
    .map(({ kind, name, sha256, path, about }) => ({
      tags: [{ key: 'mlflow.data.context', value: kind }],
      dataset: {
        name: name.slice(0, 500),
        digest: sha256.slice(0, LONGEST_DIGEST),
        source_type: 'local',
        source: JSON.stringify({ uri: path ?? name }),
        profile: JSON.stringify({ sha256, ...about }),
      },
    }));
}

/** The start of a text, never ending within a character. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
