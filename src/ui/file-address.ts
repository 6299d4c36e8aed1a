// Addresses of the files of runs: those below the runs' root by their paths, those that a run wrote elsewhere, as with `--out`, by
// their names in the run.

import { sha256File } from '../lib/base/hash.js';
import { perFile } from '../lib/base/per-file.js';
import { artifactFile } from '../lib/tracking/stored/artifact-file.js';
import { HttpProblem } from './http-problem.js';
import { decodePart, fileUrl, runFile, runFileUrl } from './run-files.js';
import { type FileUrl, recordsOf } from './run-media.js';
import { placeOf, type RunSource } from './run-source.js';

/** In a URL after a run's place: what follows is a file's name in the run. Nothing else has it, since it is hidden. */
const ELSEWHERE = '.elsewhere';
const hashes = perFile(sha256File);

/**
 * The real path of a file of the runs, or of one that a run recorded elsewhere.
 *
 * @param parts as of {@link runFile}
 * @throws HttpProblem as {@link runFile}; 404 for a file elsewhere that is not the recorded one, or where the run did not write
 */
export async function sentFile(source: RunSource, parts: readonly string[]): Promise<string> {
  if (parts[2] !== ELSEWHERE) return runFile(source.root, parts);
  const [place, name] = [parts.slice(0, 2), parts.slice(3)].map((each) => each.map(decodePart).join('/'));
  const run = (await source.read()).runs.find((each) => each.place === place);
  const artifact = run && (await recordsOf(run.folder)).artifacts.find((each) => each.name === name);
  const file = artifact && (await artifactFile(run, artifact, hashes));
  if (file === undefined || 'problem' in file) throw new HttpProblem(404, 'there is no such file');
  return file.path;
}

/** The addresses of files of the runs. */
export function urlIn(root: string): FileUrl {
  return async (path, run, artifact) => {
    const url = runFileUrl(root, path);
    if (url !== undefined) return { url };
    const file = await artifactFile(run, artifact, hashes);
    if ('problem' in file) return { problem: `${file.problem}, and is not shown` };
    return { url: fileUrl([...placeOf(run.folder).split('/'), ELSEWHERE, ...artifact.name.split('/')]) };
  };
}
