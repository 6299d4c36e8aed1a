// Every environment variable that is read, with its meaning. Read them here only.

import { UsageError } from './errors.js';

/** The variables by name. */
export const VARIABLES = {
  STEADYFRAME_RUNS: 'folder of all runs; runs by default',
  STEADYFRAME_ENGINE: 'what does the arithmetic of models; onnx by default',
  STEADYFRAME_DEVICE: 'device that models run on; cpu by default',
  STEADYFRAME_THREADS: 'threads of a model on the CPU; as many as there are cores by default',
  STEADYFRAME_CACHE: 'folder for links to weights, and transformed ones; steadyframe in the user cache by default',
  STEADYFRAME_WINOGRAD: 'off convolves directly: more time, less memory; where it is quicker by default',
  STEADYFRAME_MLFLOW_URI: 'MLflow server that runs are logged to as well',
  STEADYFRAME_WEBHOOK: 'address of the webhook that is told when a command ends',
  STEADYFRAME_UI_TOKEN: 'token of the dashboard',
  STEADYFRAME_FFMPEG_TIMEOUT: 'seconds without progress after which an ffmpeg is stopped; 120 by default',
  STEADYFRAME_DEBUG: '1 prints where unexpected errors come from',
  STEADYFRAME_TEST_STOP_AT: 'for tests: the point at which the program is held',
  STEADYFRAME_TEST_STOP_FILE: 'for tests: the file that exists while it is held',
  STEADYFRAME_TEST_UNOPTIMIZED:
    'for tests: 1 runs graphs as they are lowered, since optimizing small ones takes longer than running',
  STEADYFRAME_TEST_IDLE_SESSIONS:
    'for tests, which open equal models again and again: how many sessions stay open without use; 0 by default',
  STEADYFRAME_TEST_TFJS: 'for tests: the package of TensorFlow.js, or its folder, whichever is installed',
  FFMPEG_PATH: 'the ffmpeg to use',
  HF_HOME: 'folder of the Hugging Face tools',
  HF_HUB_CACHE: 'folder of models of the Hugging Face Hub',
  HUGGINGFACE_HUB_CACHE: 'the former name of HF_HUB_CACHE',
  HF_ENDPOINT: 'server to fetch models from; https://huggingface.co by default',
  HF_TOKEN: 'access token of the Hugging Face Hub',
  MLFLOW_TRACKING_URI: "MLflow's own name of the server, read by `steadyframe sync`",
  MLFLOW_TRACKING_USERNAME: 'name at the MLflow server',
  MLFLOW_TRACKING_PASSWORD: 'password at the MLflow server',
  MLFLOW_TRACKING_TOKEN: 'token at the MLflow server, in place of name and password',
  MLFLOW_TRACKING_INSECURE_TLS: 'true accepts any certificate of the MLflow server',
  MLFLOW_TRACKING_SERVER_CERT_PATH: 'certificates to trust at the MLflow server',
  MLFLOW_HTTP_REQUEST_TIMEOUT: 'seconds that a request to the MLflow server may hang; 120 by default',
  AWS_ENDPOINT_URL: 'server of buckets; Amazon by default (credentials: as for other programs that use AWS)',
  AWS_ENDPOINT_URL_S3: 'server of buckets, before AWS_ENDPOINT_URL',
  AWS_REGION: 'region of buckets',
  CUDA_VISIBLE_DEVICES: 'graphics cards that a worker shares out among its slots; 0, 1, ... by default',
  XDG_CACHE_HOME: "the user's folder for caches; ~/.cache by default",
  NO_COLOR: 'anything but empty prints without colours',
  TERM: 'dumb is a terminal on which lines cannot be rewritten',
  PATH: 'folders of programs',
} as const;

/** An environment: variables and their values. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable; undefined where it is not set, or empty. */
export function variable(name: keyof typeof VARIABLES, env: Environment = process.env): string | undefined {
  return env[name] || undefined;
}

/** Where a word may come from, and what is said of one that is not known. */
interface WordPlace {
  readonly option: string;
  /** None where only an option names it. */
  readonly variable?: keyof typeof VARIABLES;
  /** Between the wrong word and the known ones. */
  readonly problem: string;
}

/**
 * One of some words: the option's, else the variable's; undefined where neither is given.
 *
 * @throws UsageError for another word
 */
export function chosenWord<Word extends string>(
  words: readonly Word[],
  given: string | undefined,
  place: WordPlace,
): Word | undefined {
  const name = given ?? (place.variable && variable(place.variable));
  const known = words.find((word) => word === name);
  if (name === undefined || known !== undefined) return known;
  const origin = given === undefined ? place.variable : place.option;
  throw new UsageError(`${origin}: '${name}'${place.problem} ${words.join(', ')}`);
}

/** Sets a variable for libraries in this process, unless the user has. */
export function setWhereUnset(name: 'TF_NUM_INTRAOP_THREADS' | 'TF_CPP_MIN_LOG_LEVEL', value: string): void {
  process.env[name] ??= value;
}

/** The environment of a child process: this one's with some variables set, or removed where undefined. */
export function childEnvironment(changes: Environment): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}
