// The name of a model on the Hugging Face Hub: OWNER/NAME, optionally with a revision and a file.

import { UsageError } from '../../base/errors.js';

/** A model on the hub, or one file of it. */
export interface HubName {
  /** `OWNER/NAME`. */
  readonly repo: string;
  /** Branch, tag or commit, if the name has one. */
  readonly revision?: string;
  /** Path within the repository, if the name has one. */
  readonly file?: string;
}

const PART = '[A-Za-z0-9][\\w.-]*';
const PATTERN = new RegExp(`^(${PART}/${PART})(?:@(refs/[\\w-]+/[\\w.-]+|[\\w.+-]+))?(?:/([^@]+))?$`);

/**
 * Reads `OWNER/NAME`, `OWNER/NAME/file` or `OWNER/NAME@REVISION/file`; an address on huggingface.co counts as the name in
 * it. With a file, the revision is the part up to the next slash.
 *
 * @returns undefined for other texts: one word, an absolute path, `./` or `../`, a file of weights in a folder
 */
export function parseHubName(text: string): HubName | undefined {
  const name = text
    .replace(/^https:\/\/(huggingface\.co|hf\.co)\//, '')
    .replace(/\/(?:tree|blob|resolve)\/([^/]+)/, '@$1')
    .replace(/\/+$/, '');
  const [, repo, revision, file] = PATTERN.exec(name) ?? [];
  if (repo === undefined || /\.(safetensors|ckpt)$/.test(repo) || !isInside(revision) || !isInside(file))
    return undefined;
  return { repo, ...(revision !== undefined && { revision }), ...(file !== undefined && { file }) };
}

/**
 * `parseHubName` for a name that must be one.
 *
 * @param revision takes precedence over the one in the name
 * @throws UsageError with the expected form
 */
export function requireHubName(text: string, revision?: string): HubName {
  if (revision !== undefined && !(isInside(revision) && /^[\w./+-]+$/.test(revision))) {
    throw new UsageError(`'${revision}' is no revision; expected a branch, a tag or a commit`);
  }
  const name = parseHubName(text);
  if (name) return { ...name, ...(revision !== undefined && { revision }) };
  throw new UsageError(`'${text}' is no model of the Hugging Face Hub; expected OWNER/NAME, or OWNER/NAME/file`);
}

/** The name as users type it. */
export function hubNameText({ repo, revision, file }: HubName): string {
  return `${repo}${revision === undefined ? '' : `@${revision}`}${file === undefined ? '' : `/${file}`}`;
}

/** Whether a path within a repository stays inside the folder that it is joined to, on every system. */
export function isInside(path: string | undefined): boolean {
  if (path === undefined) return true;
  const parts = path.split(/[\\/]/);
  return (
    path !== '' && !path.includes('\0') && !/^[A-Za-z]:/.test(path) && !parts.some((part) => /^(|\.|\.\.)$/.test(part))
  );
}
