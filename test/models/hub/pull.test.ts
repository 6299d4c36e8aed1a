// Downloads from a small server with the hub's routes: the downloaded files, resuming, and errors.

import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { root } from '../../../scripts/setup.js';
import { UsageError } from '../../../src/lib/base/errors.js';
import { weightAccess } from '../../../src/lib/engine/onnx/weight-files.js';
import { openCheckpoint } from '../../../src/lib/models/checkpoint/checkpoint.js';
import { hubCache } from '../../../src/lib/models/hub/hub-cache.js';
import { requireHubName } from '../../../src/lib/models/hub/hub-name.js';
import { type PullOptions, pullModel } from '../../../src/lib/models/hub/pull.js';
import { loadModel } from '../../../src/lib/models/model.js';
import { steadyframe } from '../../cli/run-command.js';
import { HUB_COMMIT, startHub, type TestHub } from './hub-server.js';

const REPO = 'somebody/small-diffusion';
const demo = join(root, 'models/demo');

/** The demo model as a repository with more files than a checkpoint needs. */
function repository(): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const name of readdirSync(demo, { recursive: true, encoding: 'utf8' })) {
    if (lstatSync(join(demo, name)).isFile()) files[name.replaceAll('\\', '/')] = readFileSync(join(demo, name));
  }
  const text = files['text_encoder/model.safetensors'];
  return {
    ...files,
    'unet/diffusion_pytorch_model.bin': text,
    'unet/diffusion_pytorch_model.fp16.safetensors': files['unet/diffusion_pytorch_model.safetensors'],
    'vae/diffusion_pytorch_model.fp16.safetensors': files['vae/diffusion_pytorch_model.safetensors'],
    'text_encoder/model.fp16.safetensors': text,
    'unet/diffusion_pytorch_model.non_ema.safetensors': text,
    'safety_checker/model.safetensors': text,
    'all-in-one.safetensors': text,
  };
}

let hub: TestHub;
let home: string;
let files: Record<string, Uint8Array>;

beforeEach(async () => {
  files = repository();
  hub = await startHub(REPO, files);
  home = mkdtempSync(join(tmpdir(), 'steadyframe-hub-'));
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN']) vi.stubEnv(name, '');
  vi.stubEnv('HF_HOME', home);
  vi.stubEnv('HF_ENDPOINT', hub.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

const cached = (...path: string[]): string => join(home, 'hub/models--somebody--small-diffusion', ...path);
const pull = (name = REPO, options: PullOptions = {}) => pullModel(requireHubName(name), { pause: 1, ...options });
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

describe('steadyframe pull', () => {
  it('fetches a checkpoint and no more, into the layout that Python reads, and --model finds it', async () => {
    const { code, out, err } = await steadyframe(['pull', REPO], { env: {} });
    expect(code, err).toBe(0);
    expect(out).toBe(`${cached('snapshots', HUB_COMMIT)}\nuse it as:  --model ${REPO}\n`);
    expect(err).toContain('12 files, 19.7 MB: 19.7 MB to fetch (--variant may also be fp16, non_ema)');
    expect(readFileSync(cached('refs/main'), 'utf8')).toBe(HUB_COMMIT);
    const weights = 'unet/diffusion_pytorch_model.safetensors';
    const link = cached('snapshots', HUB_COMMIT, weights);
    expect(readlinkSync(link)).toBe(`../../../blobs/${sha256(files[weights])}`);
    const listed = readdirSync(cached('snapshots', HUB_COMMIT), { recursive: true, encoding: 'utf8' });
    expect(listed.filter((name) => /bin$|fp16|non_ema|safety|all-in-one|jsonl|README/.test(name))).toEqual([]);
    expect(readdirSync(cached('blobs')).filter((name) => name.endsWith('.incomplete'))).toEqual([]);

    const found = await steadyframe(['info', REPO, '--json']);
    expect(found.json()).toMatchObject({ path: cached('snapshots', HUB_COMMIT), trainedSize: 128 });
    expect(found.json().files.every(({ mapped }: { mapped: boolean }) => mapped)).toBe(
      (await weightAccess(cached('blobs', sha256(files[weights])))).mapped,
    );
    // Nothing is downloaded twice.
    const before = hub.requests.length;
    expect((await steadyframe(['pull', REPO])).err).toContain('all there already');
    expect(hub.requests.slice(before).filter(({ path }) => path.includes('/resolve/'))).toEqual([]);
  });

  it('fetches a single network, a ControlNet or an autoencoder, for --control or --vae', async () => {
    const own = (folder: string): Record<string, Uint8Array> =>
      Object.fromEntries(
        ['config.json', 'diffusion_pytorch_model.safetensors'].map((file) => [file, files[`${folder}/${file}`]]),
      );
    const control = own('controlnet-edges');
    const weights = control['diffusion_pytorch_model.safetensors'];
    const more = { 'diffusion_pytorch_model.fp16.safetensors': weights, 'sd/others.safetensors': weights };
    for (const [repo, held, use] of [
      ['somebody/edges', { ...control, ...more }, '--control KIND=somebody/edges'],
      ['somebody/latents', own('vae'), '--vae somebody/latents'],
    ] as const) {
      const other = await startHub(repo, held);
      vi.stubEnv('HF_ENDPOINT', other.url);
      const { code, out, err } = await steadyframe(['pull', repo], { env: {} });
      await other.close();
      expect(code, err).toBe(0);
      expect(out).toContain(`use it as:  ${use}\n`);
      expect(err).toContain('2 files, ');
    }
    const model = await loadModel('demo', {
      controls: [{ kind: 'canny', path: 'somebody/edges' }],
      vae: 'somebody/latents',
    });
    expect(model.controls).toMatchObject([{ kind: 'canny' }]);
    await model.dispose();
    await expect(loadModel('somebody/edges')).rejects.toThrow(UsageError);
  });

  it('fetches one file, a variant, another revision', async () => {
    const one = await pull(`${REPO}/all-in-one.safetensors`);
    expect(readFileSync(one.path).equals(files['all-in-one.safetensors'])).toBe(true);
    expect(one).toMatchObject({ files: 1, path: cached('snapshots', HUB_COMMIT, 'all-in-one.safetensors') });
    const half = await pull(`${REPO}@other`, { variant: 'fp16' });
    expect(existsSync(join(half.path, 'unet/diffusion_pytorch_model.fp16.safetensors'))).toBe(true);
    expect(existsSync(join(half.path, 'unet/diffusion_pytorch_model.safetensors'))).toBe(false);
    expect((await openCheckpoint(`${REPO}@other`)).path).toBe(half.path);
    // `non_ema` exists only for the UNet.
    const { path } = await pull(`${REPO}@other`, { variant: 'non_ema' });
    expect(existsSync(join(path, 'vae/diffusion_pytorch_model.safetensors'))).toBe(true);
    await expect(pull(REPO, { variant: 'int8' })).rejects.toThrow(
      "there is no variant 'int8' of its weights; there is the one without a name, fp16, non_ema",
    );
  });

  it('goes on where it was cut short, by itself and in the next process', async () => {
    const text = files['text_encoder/model.safetensors'];
    const begun = cached('blobs', `${sha256(text)}.incomplete`);
    const kept = (): void => expect(statSync(begun).size).toBe(100_000);
    // What a client has not read when its connection breaks may be lost: the cut waits until all of it is in the file.
    hub.behaviour.cut = { after: 100_000, when: vi.waitFor(kept, { timeout: 300_000 }) };
    const { path } = await pull(`${REPO}/text_encoder/model.safetensors`);
    expect(readFileSync(path).equals(text)).toBe(true);
    const ranges = hub.requests.flatMap(({ path: asked, range }) => (/content/.test(asked) ? [range] : []));
    expect(ranges).toEqual([undefined, 'bytes=100000-']);

    // A killed process leaves this file.
    const vae = files['vae/diffusion_pytorch_model.safetensors'];
    const partial = cached('blobs', `${sha256(vae)}.incomplete`);
    writeFileSync(partial, vae.subarray(0, 5000));
    const second = await pull(`${REPO}/vae/diffusion_pytorch_model.safetensors`);
    expect(readFileSync(second.path).equals(vae)).toBe(true);
    expect(hub.requests.at(-1)?.range).toBe('bytes=5000-');
  });

  it('begins again where what was left is not the beginning, or the server gives no ranges', async () => {
    const vae = files['vae/diffusion_pytorch_model.safetensors'];
    const partial = cached('blobs', `${sha256(vae)}.incomplete`);
    mkdirSync(dirname(partial), { recursive: true });
    writeFileSync(partial, Buffer.alloc(5000));
    hub.behaviour.ignoresRanges = true;
    const { path } = await pull(`${REPO}/vae/diffusion_pytorch_model.safetensors`);
    expect(readFileSync(path).equals(vae)).toBe(true);
  });

  it('keeps nothing that came damaged', async () => {
    hub.behaviour.damages = true;
    await expect(pull(`${REPO}/text_encoder/model.safetensors`)).rejects.toThrow(
      /text_encoder\/model\.safetensors came damaged \(its SHA-256 is not the listed one\)/,
    );
    expect(readdirSync(cached('blobs')).filter((name) => name !== 'lock')).toEqual([]);
    expect(existsSync(cached('refs/main'))).toBe(false);
  });

  it('sends the token to the hub, and to no other server', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    await pull(`${REPO}/model_index.json`);
    expect(new Set(hub.requests.map(({ token }) => token))).toEqual(new Set(['Bearer hf_secret']));
  });

  it.each([
    [401, undefined, /no such model on .*, or it asks who you are; .*set HF_TOKEN/],
    [401, 'hf_old', /does not accept the token in HF_TOKEN/],
    [403, 'hf_other', /access is not granted; accept the model's terms at .*\/somebody\/small-diffusion/],
    [404, undefined, /there is no such model or revision/],
    [503, undefined, /answered with an error \(503\)/],
  ])('says what a %s (token %s) means', async (status, token, sentence) => {
    hub.behaviour.status = status;
    if (token) vi.stubEnv('HF_TOKEN', token);
    const { code, out, err } = await steadyframe(['pull', REPO]);
    expect({ code, out }).toEqual({ code: status === 503 ? 1 : 2, out: '' });
    expect(err).toMatch(sentence);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('fails at once when nothing listens at the address', async () => {
    await hub.close();
    // A second attempt would follow after an hour.
    await expect(pull(REPO, { pause: 3_600_000 })).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/);
  });

  it('says when there is no hub, no such file, no checkpoint', async () => {
    await expect(pull(`${REPO}/none.safetensors`)).rejects.toThrow(/the repository has no such file; it has /);
    await expect(pull(`${REPO}@v9`)).rejects.toThrow(/no such model or revision/);
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1');
    expect(await steadyframe(['pull', REPO])).toMatchObject({ code: 1 });
    vi.stubEnv('HF_ENDPOINT', 'localhost');
    await expect(pull()).rejects.toThrow(/HF_ENDPOINT is 'localhost'; expected an address/);
    vi.stubEnv('HF_TOKEN', 'my password');
    await expect(pull()).rejects.toThrow(/expected|HF_TOKEN/);
  });
});

describe('the cache', () => {
  it.each([
    [{ HF_HUB_CACHE: '/a', HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c' }, '/a'],
    [{ HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c' }, '/b'],
    [{ HF_HOME: '/c', XDG_CACHE_HOME: '/d' }, join('/c', 'hub')],
    [{ HF_HUB_CACHE: '', XDG_CACHE_HOME: '/d' }, join('/d', 'huggingface', 'hub')],
  ])('lies where Python says: %j', (env, expected) => {
    expect(hubCache(env)).toBe(expected);
  });
});
