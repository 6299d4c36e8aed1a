// @ts-check
// Sweeps whose jobs are done by workers in processes of their own, each with a cache of its own.
//   node bench/sweep-machines.js kills [--store folder|s3|bullmq] [--kills 100] [--seed 1]
//     24 points over 3 workers; workers, the sweep and Redis are killed with -9; checks that nothing is lost or done twice and
//     that the results are those of one process. S3 is moto (STEADYFRAME_PYTHON), Redis the system's.
//   node bench/sweep-machines.js throughput [--pairs 3]
//     2 workers against --workers 2 of this machine, in turns, by the clock and by the CPU's time, and how soon a worker
//     that joins late has work, from the start of its process.
//   node bench/sweep-machines.js away [--store folder|s3]
//     2 workers whose clocks are an hour ahead and behind, while the store is away for a minute.
//   node bench/sweep-machines.js queue [--points 10000] [--store folder|bullmq]
//     memory and seconds of offering so many points; the seconds of the CPU are less than those on the clock of a busy machine.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './measure.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: 'string', default: 'folder' },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '3' },
    points: { type: 'string', default: '10000' },
  },
});
const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const MODEL = fileURLToPath(new URL('../models/demo', import.meta.url));
/** @type {typeof import('../src/lib/index.js')} */
const library = await import(new URL('../build/lib/index.js', import.meta.url).href);
const scratch = mkdtempSync(join(tmpdir(), 'steadyframe-machines-'));
/** @type {Record<string, string | undefined>} */
const environment = { ...process.env, STEADYFRAME_MLFLOW_URI: '', STEADYFRAME_RUNS: join(scratch, 'runs') };

/** @typedef {{ child: import('node:child_process').ChildProcess, ended: Promise<number | null>, err: string }} Running */

/** @type {Set<Running>} */
const started = new Set();

/** @param {string} command @param {readonly string[]} args @returns {Running} */
function start(command, args) {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  /** @type {Running} */
  const running = {
    child,
    err: '',
    ended: new Promise((resolve) => child.once('exit', (code) => resolve(code))),
  };
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    running.err += text;
  });
  started.add(running);
  void running.ended.then(() => started.delete(running));
  return running;
}

/** @param {readonly string[]} args */
const steadyframe = (args) => start(process.execPath, [COMMAND, ...args]);

/** @param {Running} running */
async function done(running) {
  const code = await running.ended;
  if (code !== 0) throw new Error(`ended with ${code}: ${running.err}`);
}

/** @param {string} name @param {string} parameters @param {number} frames */
async function sweepFile(name, parameters, frames) {
  const video = join(scratch, `shot-${frames}.mp4`);
  if (!existsSync(video)) {
    const shot = library.heldOutShot('red-car-curve');
    await library.writeVideo(video, library.shotFrames(shot, 'photo', { frames }), { frameRate: shot.frameRate });
  }
  const path = join(scratch, `${name}.yaml`);
  writeFileSync(
    path,
    `method: grid\nvideo: ${video}\nmodel: ${MODEL}\nprompt: night\nsize: 64x64\nparameters:\n${parameters}`,
  );
  return path;
}

/** Hashes of points and tables by path. @param {string} out */
function results(out) {
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => relative(out, join(entry.parentPath, entry.name))).sort();
  return Object.fromEntries(
    paths
      .filter((path) => /^points\/[^.]+\/[^.][^/]*$|^(result\.json|points\.csv)$/.test(path))
      .map((path) => [
        path,
        createHash('sha256')
          .update(readFileSync(join(out, path)))
          .digest('hex'),
      ]),
  );
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a Redis that keeps nothing on the disk, and waits until it answers. @param {number} port */
async function startRedis(port) {
  const redis = start('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no']);
  const answers = () =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  while (!(await answers())) await sleep(20);
  return redis;
}

/** Seconds of the CPU of a process, and of those of its children that have ended. @param {number} pid */
function cpuSeconds(pid) {
  // Ticks of 10 ms, by proc(5).
  const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 15).map(Number);
  return [(ticks[0] + ticks[1]) / 100, (ticks[2] + ticks[3]) / 100];
}

/** Seconds of the CPU of all that was started here and has ended: on a busy machine they say more than the clock. */
const endedSeconds = () => cpuSeconds(process.pid)[1];

/** Numbers in [0, 1) from a seed. @param {number} seed */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function startMoto() {
  const port = await freePort();
  Object.assign(environment, {
    ...{ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });
  const server = start(environment.STEADYFRAME_PYTHON ?? 'python3', ['-m', 'moto.server', '-p', String(port)]);
  for (let i = 0; i < 600; i++) {
    const made = await fetch(`http://127.0.0.1:${port}/sweeps`, { method: 'PUT' }).catch(() => undefined);
    if (made?.ok) return server;
    await sleep(100);
  }
  throw new Error('moto does not answer');
}

/** Lists of jobs below their folder, each in that of the sweep's process. */
const LIST = /[\\/]\d+\.json$/;

/** @param {string} out */
const isOffered = (out) => {
  const jobs = join(out, '.shared', 'jobs');
  return (
    existsSync(jobs) && readdirSync(jobs, { recursive: true }).some((name) => String(name).endsWith('000000.json'))
  );
};

async function kills() {
  const parameters =
    '  steps: {value: 16}\n  strength: {values: [0.25, 0.5, 0.75, 1]}\n  seed: {values: [1, 2, 3, 4, 5, 6]}\n';
  const file = await sweepFile('kills', parameters, 6);
  const [whole, out] = [join(scratch, 'whole'), join(scratch, 'shared')];
  await done(steadyframe(['run', file, '--out', whole, '--no-track', '-q']));
  if (values.store === 's3') await startMoto();
  const place = values.store === 's3' ? ['--store', 's3://sweeps/night'] : [];
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let redis = values.store === 'bullmq' ? await startRedis(port) : undefined;
  const executor = redis ? ['bullmq', '--redis', url] : ['workers', ...place];
  const sweep = ['run', file, '--out', out, '--executor', ...executor, '--no-track', '-q', '--resume'];
  const from = redis ? ['--redis', url] : ['--sweep', values.store === 's3' ? 's3://sweeps/night' : out];
  const work = (/** @type {number} */ i) => ['worker', ...from, '--cache', join(scratch, `cache-${i}`), '--lease', '8'];
  let coordinator = steadyframe(sweep);
  // Workers that come too early end, and are started again.
  while (!existsSync(join(out, 'sweep.json'))) await sleep(50);
  await sleep(2000);
  const workers = [0, 1, 2].map((i) => steadyframe(work(i)));
  /** What has ended for each label, over all lives of all workers. @type {Map<string, number>} */
  const ends = new Map();
  const count = (/** @type {Running} */ { err }) => {
    for (const [, label] of err.matchAll(/steadyframe: (.*): done\n/g)) ends.set(label, (ends.get(label) ?? 0) + 1);
  };
  /** Inode and time of each point's last file, once it was seen. @type {Map<string, string>} */
  const seen = new Map();
  let again = 0;
  const look = () => {
    const points = join(out, 'points');
    for (const id of existsSync(points) ? readdirSync(points) : []) {
      const about = statSync(join(points, id, 'result.json'), { throwIfNoEntry: false });
      if (!about) continue;
      const now = `${about.ino} ${about.mtimeMs}`;
      if ((seen.get(id) ?? now) !== now) again++;
      seen.set(id, now);
    }
  };
  const random = numbers(Number(values.seed));
  const killed = { workers: 0, coordinator: 0, redis: 0 };
  let total = 0;
  let isOver = false;
  void coordinator.ended;
  const begin = performance.now();
  while (!isOver) {
    await sleep(500 + 2500 * random());
    look();
    for (const [i, worker] of workers.entries()) {
      if (worker.child.exitCode === null) continue;
      count(worker); // it ended with the sweep, or where the sweep was away
      workers[i] = steadyframe(work(i));
    }
    if (coordinator.child.exitCode !== null) {
      if (coordinator.child.exitCode !== 0) throw new Error(`the sweep ended: ${coordinator.err}`);
      isOver = true;
      break;
    }
    if (total >= Number(values.kills)) continue;
    total++;
    const draw = random();
    if (redis && draw < 0.2) {
      redis.child.kill('SIGKILL');
      await redis.ended;
      await sleep(1000 * random());
      redis = await startRedis(port);
      killed.redis++;
    } else if (draw < 0.4) {
      coordinator.child.kill('SIGKILL');
      await coordinator.ended;
      coordinator = steadyframe(sweep);
      killed.coordinator++;
    } else {
      const i = Math.floor(3 * random());
      workers[i].child.kill('SIGKILL');
      await workers[i].ended;
      count(workers[i]);
      workers[i] = steadyframe(work(i));
      killed.workers++;
    }
    process.stderr.write(`\r${total} kills, ${seen.size} points  `);
  }
  for (const worker of workers) worker.child.kill('SIGKILL');
  await Promise.all(workers.map(({ ended }) => ended));
  for (const worker of workers) count(worker);
  const expected = results(whole);
  const found = results(out);
  const differing = Object.keys({ ...expected, ...found }).filter((path) => expected[path] !== found[path]);
  const points = Object.keys(found).filter((path) => path.endsWith('/result.json')).length;
  const twice = [...ends].filter(([label, times]) => times > 1 && !/encoding/.test(label));
  console.log(
    `${values.store}: ${total} kill -9 (${killed.workers} of workers, ${killed.coordinator} of the sweep, ${killed.redis} of Redis) ` +
      `in ${((performance.now() - begin) / 1000).toFixed(0)} s; ${points} of 24 points, ${twice.length} done twice to the end, ` +
      `${again} results replaced, ${differing.length} files that differ from one process`,
  );
  if (points !== 24 || twice.length > 0 || again > 0 || differing.length > 0) {
    console.log(JSON.stringify({ twice, differing }, null, 1));
    process.exitCode = 1;
  }
}

async function throughput() {
  const parameters = '  steps: {value: 16}\n  strength: {values: [0.5, 1]}\n  seed: {values: [1, 2, 3, 4, 5, 6]}\n';
  const file = await sweepFile('throughput', parameters, 6);
  /** @type {{ processes: number, workers: number, cpu: number }[]} */
  const pairs = [];
  /** @type {number[]} */
  const joins = [];
  let runs = 0;
  const pointsOf = (/** @type {string} */ out) => {
    const points = join(out, 'points');
    return existsSync(points)
      ? readdirSync(points)
          .map((id) => join(points, id, 'result.json'))
          .filter(existsSync)
      : [];
  };
  /** Points a second between the first and the last that end: both start processes once. @param {string} out */
  const rate = (out) => {
    const times = pointsOf(out)
      .map((path) => statSync(path).mtimeMs)
      .sort((a, b) => a - b);
    return (1000 * (times.length - 2)) / ((times.at(-1) ?? 0) - times[1]);
  };
  for (let i = 0; i < Number(values.pairs); i++) {
    const one = join(scratch, `throughput-${runs++}`);
    const two = join(scratch, `throughput-${runs++}`);
    const byProcesses = async () => {
      await done(steadyframe(['run', file, '--out', one, '--no-track', '-q', '--workers', '2']));
    };
    const byWorkers = async () => {
      const coordinator = steadyframe(['run', file, '--out', two, '--executor', 'workers', '--no-track', '-q']);
      while (!isOffered(two)) await sleep(20);
      const cache = join(scratch, 'throughput-cache');
      const worker = steadyframe(['worker', '--sweep', two, '--cache', cache, '--slots', '2']);
      await done(coordinator);
      await done(worker);
    };
    const used = async (/** @type {() => Promise<void>} */ work) => {
      const before = endedSeconds();
      await work();
      return endedSeconds() - before;
    };
    let cpu = i % 2 === 0 ? await used(byProcesses) : 0;
    const theirs = await used(byWorkers);
    if (i % 2 !== 0) cpu = await used(byProcesses);
    pairs.push({ processes: rate(one), workers: rate(two), cpu: theirs / cpu });
    console.error(
      `pair ${i + 1}: ${pairs[i].processes.toFixed(3)} points a second, by workers ${pairs[i].workers.toFixed(3)}, which take ${pairs[i].cpu.toFixed(3)} of the CPU's time`,
    );
    // One that joins late: from the moment that it looks for work to its first lease.
    const late = join(scratch, `throughput-${runs++}`);
    const coordinator = steadyframe(['run', file, '--out', late, '--executor', 'workers', '--no-track', '-q']);
    while (!isOffered(late)) await sleep(20);
    const first = steadyframe(['worker', '--sweep', late, '--cache', join(scratch, 'late-0')]);
    while (pointsOf(late).length < 2) await sleep(50);
    const before = performance.now();
    const joined = steadyframe(['worker', '--sweep', late, '--cache', join(scratch, 'late-1')]);
    while (!joined.err.includes('begins')) await sleep(5);
    const base = performance.now();
    spawnSync(process.execPath, [COMMAND, 'worker', '--sweep', late, '--dry-run']);
    joins.push(base - before);
    console.error(
      `joined: begins after ${(base - before).toFixed(0)} ms; a look alone takes ${(performance.now() - base).toFixed(0)} ms`,
    );
    for (const each of [coordinator, first, joined]) each.child.kill('SIGKILL');
    await Promise.all([coordinator, first, joined].map(({ ended }) => ended));
  }
  console.log(
    `2 workers: ${median(pairs.map(({ processes, workers }) => workers / processes)).toFixed(3)} of the throughput of 2 processes, ` +
      `${median(pairs.map(({ cpu }) => cpu)).toFixed(3)} of their time of the CPU; ` +
      `a late worker begins ${median(joins).toFixed(0)} ms after the start of its process`,
  );
}

async function away() {
  const parameters = '  steps: {value: 32}\n  strength: {values: [0.5, 1]}\n  seed: {values: [1, 2, 3]}\n';
  const file = await sweepFile('away', parameters, 12);
  const [whole, out] = [join(scratch, 'whole'), join(scratch, 'shared')];
  await done(steadyframe(['run', file, '--out', whole, '--no-track', '-q']));
  const moto = values.store === 's3' ? await startMoto() : undefined;
  const place = moto ? 's3://sweeps/night' : out;
  const sweep = [
    'run',
    file,
    '--out',
    out,
    '--executor',
    'workers',
    ...(moto ? ['--store', place] : []),
    '--no-track',
    '-q',
  ];
  const coordinator = steadyframe(sweep);
  while (!existsSync(join(out, 'sweep.json'))) await sleep(50);
  await sleep(3000);
  const workers = [3_600_000, -3_600_000].map((shift, i) => {
    const code = `const now = Date.now, Real = Date; globalThis.Date = class extends Real {
      constructor(...a) { a.length === 0 ? super(now() + (${shift})) : super(...a); }
      static now() { return now() + (${shift}); } };`;
    environment.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    const worker = steadyframe(['worker', '--sweep', place, '--cache', join(scratch, `cache-${i}`)]);
    delete environment.NODE_OPTIONS;
    return worker;
  });
  while (!workers.every(({ err }) => err.includes('begins '))) await sleep(50);
  /** Frames that a worker has rendered of points that are not stored yet. */
  const framesOf = (/** @type {number} */ i) => {
    const work = join(scratch, `cache-${i}`, 'work');
    const files = readdirSync(work, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('/output.rgb'),
    );
    const sizes = files.map((path) => statSync(join(work, path), { throwIfNoEntry: false })?.size ?? 0);
    return sizes.reduce((sum, bytes) => sum + bytes, 0) / (3 * 64 * 64);
  };
  /** Points that a worker has rendered, and keeps until they are stored. */
  const kept = (/** @type {number} */ i) =>
    readdirSync(join(scratch, `cache-${i}`, 'work'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      /points.[0-9a-f]+.result\.json$/.test(path),
    ).length;
  while (framesOf(0) === 0 || framesOf(1) === 0) await sleep(20);
  const begin = performance.now();
  if (moto) moto.child.kill('SIGSTOP');
  else renameSync(join(out, '.shared'), join(out, '.away'));
  await sleep(60_000);
  const meanwhile = kept(0) + kept(1);
  if (moto) moto.child.kill('SIGCONT');
  else renameSync(join(out, '.away'), join(out, '.shared'));
  const back = performance.now();
  await done(coordinator);
  for (const worker of workers) await done(worker);
  const ends = workers.flatMap(({ err }) =>
    [...err.matchAll(/steadyframe: (strength .*): done\n/g)].map(([, label]) => label),
  );
  const lost = workers.filter(({ err }) => /another worker|failed/.test(err)).length;
  const [expected, found] = [results(whole), results(out)];
  const differing = Object.keys({ ...expected, ...found }).filter((path) => expected[path] !== found[path]);
  console.log(
    `${values.store}: away for ${((back - begin) / 1000).toFixed(0)} s, ${meanwhile} points were rendered meanwhile and kept, done ${((performance.now() - back) / 1000).toFixed(0)} s later; ` +
      `${ends.length} points ended once each: ${new Set(ends).size === ends.length && ends.length === 6}; ` +
      `${lost} workers lost a job; ${differing.length} files that differ from one process`,
  );
}

async function queue() {
  const count = Number(values.points);
  const file = await sweepFile(
    'queue',
    `  steps: {value: 2}\n  strength: {value: 1}\n  seed: {min: 1, max: ${count}, distribution: q_uniform, q: 1}\n`,
    2,
  );
  const out = join(scratch, 'queue');
  const port = await freePort();
  const isQueued = values.store === 'bullmq';
  if (isQueued) await startRedis(port);
  const executor = isQueued ? ['bullmq', '--redis', `redis://127.0.0.1:${port}`] : ['workers'];
  const begin = performance.now();
  const coordinator = steadyframe(['run', file, '--out', out, '--executor', ...executor, '--no-track', '-q']);
  const jobs = join(out, '.shared', 'jobs');
  const offered = () =>
    existsSync(jobs) ? readdirSync(jobs, { recursive: true, encoding: 'utf8' }).filter((name) => LIST.test(name)) : [];
  // One more job than points: the frames are encoded once. Lists are of 500.
  while (offered().length < Math.ceil((count + 1) / 500)) {
    if (coordinator.child.exitCode !== null) throw new Error(coordinator.err);
    await sleep(20);
  }
  const seconds = (performance.now() - begin) / 1000;
  const [busy] = cpuSeconds(coordinator.child.pid ?? 0);
  if (isQueued) {
    // One who only says that the frames are encoded, so that all points are queued.
    const [source] = JSON.parse(readFileSync(join(jobs, offered()[0]), 'utf8')).jobs;
    const name = `source-${source.id.split(' ')[1].slice(0, 16)}`;
    mkdirSync(join(out, '.shared', 'done'), { recursive: true });
    writeFileSync(join(out, '.shared', 'done', name), '{}', { flush: true });
  }
  await sleep(30_000);
  const bytes = offered().reduce((sum, name) => sum + statSync(join(jobs, name)).size, 0);
  const status = readFileSync(`/proc/${coordinator.child.pid}/status`, 'utf8');
  const megabytes = (/** @type {string} */ name) =>
    (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024).toFixed(0);
  console.log(
    `${count} points: offered ${seconds.toFixed(1)} s after the start (${busy.toFixed(1)} s of CPU), ${(bytes / 1e6).toFixed(1)} MB of jobs; ` +
      `memory ${megabytes('VmRSS')} MB, at its peak ${megabytes('VmHWM')} MB`,
  );
}

try {
  const [what = ''] = positionals;
  const action = { kills, throughput, away, queue }[what];
  if (!action) throw new Error('expected kills, throughput, away or queue');
  await action();
} finally {
  for (const { child } of started) child.kill('SIGKILL');
  await sleep(500);
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
