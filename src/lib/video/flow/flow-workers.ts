// The threads in which OpenCV computes optical flow: started on demand, ended when idle. flow.ts documents the computation.

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FailureError } from '../../base/errors.js';

/** Two pictures of one channel (H x W bytes each) whose flow is wanted. */
export interface FlowRequest {
  readonly width: number;
  readonly height: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

interface Job {
  readonly request: FlowRequest;
  readonly resolve: (flow: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  job?: Job;
  retirement?: NodeJS.Timeout;
}

// Each thread has its own OpenCV of about 100 MB: beyond 8, the memory costs more than the time gained.
const MAXIMUM_THREADS = Math.min(8, availableParallelism());
/** Longer than most renderings between two measurements: a new start takes a second. */
const IDLE_MILLISECONDS = 30_000;
/**
 * Number of pixels whose flow takes as long as starting another OpenCV, half a second: once this many had to wait, another
 * thread is worth it.
 */
const PIXELS_A_THREAD = 1 << 20;

// A string and not a file, because this module must work as built JavaScript and as TypeScript under a test runner, where
// there is no built worker file. OpenCV's exceptions are addresses in its memory; its matrices are freed explicitly.
const WORKER_PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const opening = Promise.resolve(require(workerData));
parentPort.on('message', async ({ width, height, from, to }) => {
  const cv = await opening;
  const matrices = [];
  try {
    for (const pixels of [from, to]) {
      const matrix = new cv.Mat(height, width, cv.CV_8UC1);
      matrices.push(matrix);
      matrix.data.set(pixels);
    }
    const flow = new cv.Mat();
    matrices.push(flow);
    cv.calcOpticalFlowFarneback(matrices[0], matrices[1], flow, 0.5, 3, 15, 3, 5, 1.2, 0);
    const data = flow.data32F.slice();
    parentPort.postMessage({ data }, [data.buffer]);
  } catch (error) {
    const message = typeof error === 'number' ? cv.exceptionFromPtr(error).msg : String(error);
    parentPort.postMessage({ message });
  } finally {
    for (const matrix of matrices) matrix.delete();
  }
});
`;

const threads = new Set<Thread>();
const waiting: Job[] = [];
/** Number of pixels that were queued while every thread was busy, since the last thread was started. */
let delayed = 0;

/**
 * Queues a flow computation: H x W x 2 values, dx before dy. At most one per core and 8 in all run at once; for a few small
 * pictures only one.
 *
 * @throws FailureError when OpenCV does not start or fails
 */
export function computeFlow(request: FlowRequest): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    if (![...threads].some(isIdle)) delayed += request.width * request.height;
    waiting.push({ request, resolve, reject });
    assignJobs();
  });
}

function assignJobs(): void {
  while (waiting.length > 0) {
    const thread = [...threads].find(isIdle) ?? startThread();
    if (thread === undefined) return;
    const job = waiting.shift()!;
    clearTimeout(thread.retirement);
    thread.job = job;
    thread.worker.ref();
    thread.worker.postMessage(job.request);
  }
}

function isIdle({ job }: Thread): boolean {
  return job === undefined;
}

function startThread(): Thread | undefined {
  if (threads.size >= MAXIMUM_THREADS || (threads.size > 0 && delayed < PIXELS_A_THREAD)) return undefined;
  delayed = 0;
  const workerData = createRequire(import.meta.url).resolve('@techstark/opencv-js');
  // Without the process's own options: `--input-type=module` would make the program a module.
  const worker = new Worker(WORKER_PROGRAM, { eval: true, workerData, execArgv: [] });
  const thread: Thread = { worker };
  threads.add(thread);
  thread.worker.on('message', (answer: { data?: Float32Array; message?: string }) => {
    const { request, resolve, reject } = thread.job!;
    retire(thread);
    if (answer.data !== undefined) resolve(answer.data);
    else {
      reject(
        new FailureError(
          `opticalFlow: OpenCV failed on a ${request.width}x${request.height} picture (${answer.message?.trim()}); try a smaller size`,
        ),
      );
    }
    assignJobs();
  });
  thread.worker.on('error', (error) => lose(thread, error.message));
  thread.worker.on('exit', (code) => lose(thread, `its thread ended with code ${code}`));
  return thread;
}

/** An idle thread does not keep the process alive, and ends after a while: OpenCV's memory never shrinks. */
function retire(thread: Thread): void {
  thread.job = undefined;
  thread.worker.unref();
  thread.retirement = setTimeout(() => {
    threads.delete(thread);
    void thread.worker.terminate();
  }, IDLE_MILLISECONDS).unref();
}

function lose(thread: Thread, reason: string): void {
  threads.delete(thread);
  clearTimeout(thread.retirement);
  thread.job?.reject(
    new FailureError(`opticalFlow: OpenCV broke down (${reason}); check that @techstark/opencv-js is installed`),
  );
  thread.job = undefined;
  assignJobs();
}
