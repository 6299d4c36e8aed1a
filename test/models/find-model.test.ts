// The resolution of model names, in order.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { root } from '../../scripts/setup.js';
import { findControl, findModel } from '../../src/lib/models/hub/find-model.js';
import { parseHubName } from '../../src/lib/models/hub/hub-name.js';

const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
let home: string;
let folder: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'steadyframe-names-'));
  folder = join(home, 'models--owner--name');
  vi.stubEnv('HF_HUB_CACHE', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

/** A snapshot as written by Python: links into blobs. */
function snapshot(commit: string, names: readonly string[]): string {
  const place = join(folder, 'snapshots', commit);
  mkdirSync(place, { recursive: true });
  mkdirSync(join(folder, 'blobs'), { recursive: true });
  for (const name of names) {
    writeFileSync(join(folder, 'blobs', `of-${name}`), '{}');
    symlinkSync(`../../blobs/of-${name}`, join(place, name));
  }
  return place;
}

function ref(name: string, commit: string): void {
  mkdirSync(join(folder, 'refs'), { recursive: true });
  writeFileSync(join(folder, 'refs', name), `${commit}\n`);
}

describe('findModel', () => {
  it('takes what exists as it is, before any other meaning', () => {
    mkdirSync(join(home, 'here/owner/name'), { recursive: true });
    mkdirSync(join(home, 'here/demo'));
    ref('main', COMMIT);
    snapshot(COMMIT, ['model_index.json']);
    expect(findModel('owner/name', join(home, 'here'))).toBe(join(home, 'here/owner/name'));
    expect(findModel('demo', join(home, 'here'))).toBe(join(home, 'here/demo'));
    expect(findModel('demo', home)).toBe(join(root, 'models/demo'));
    expect(findControl('demo', home)).toBe(join(root, 'models/demo/controlnet-edges'));
    expect(findControl('demo', join(home, 'here'))).toBe(join(home, 'here/demo'));
    expect(findModel('other', home)).toBe(join(home, 'other'));
  });

  it('finds a model of the hub by branch, by commit, and where only one was fetched', () => {
    const place = snapshot(COMMIT, ['model_index.json']);
    expect(findModel('owner/name', home)).toBe(place);
    const newer = snapshot('f'.repeat(40), ['model_index.json']);
    ref('main', 'f'.repeat(40));
    expect(findModel('owner/name', home)).toBe(newer);
    expect(findModel(`owner/name@${COMMIT}`, home)).toBe(place);
    expect(findModel('https://huggingface.co/owner/name', home)).toBe(newer);
  });

  it('takes the one file that a repository has, and asks which of several', () => {
    ref('main', COMMIT);
    const place = snapshot(COMMIT, ['a.safetensors']);
    expect(findModel('owner/name', home)).toBe(join(place, 'a.safetensors'));
    snapshot(COMMIT, ['b.safetensors']);
    expect(() => findModel('owner/name', home)).toThrow(
      'several files; name one: owner/name/a.safetensors, owner/name/b.safetensors',
    );
    expect(findModel('owner/name/b.safetensors', home)).toBe(join(place, 'b.safetensors'));
    expect(() => findModel('owner/name/c.safetensors', home)).toThrow(
      '`steadyframe pull owner/name/c.safetensors` fetches it',
    );
  });

  it('gives the command that fetches what is not there', () => {
    expect(() => findModel('owner/name', home)).toThrow(
      /^owner\/name: there is no such file or folder, .*`steadyframe pull owner\/name` fetches it$/,
    );
    ref('main', '../../..');
    expect(() => findModel('owner/name', home)).toThrow('`steadyframe pull owner/name`');
  });
});

describe('parseHubName', () => {
  it.each([
    ['owner/name', { repo: 'owner/name' }],
    ['owner/name/', { repo: 'owner/name' }],
    ['owner/name@fp16', { repo: 'owner/name', revision: 'fp16' }],
    ['owner/name@refs/pr/3/a/b.json', { repo: 'owner/name', revision: 'refs/pr/3', file: 'a/b.json' }],
    ['owner/name/unet/x.safetensors', { repo: 'owner/name', file: 'unet/x.safetensors' }],
    [
      'https://huggingface.co/owner/name/blob/main/x.safetensors',
      { repo: 'owner/name', revision: 'main', file: 'x.safetensors' },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseHubName(text)).toEqual(expected);
  });

  it.each([
    ...['name', './owner/name', '../owner/name', '/owner/name', 'owner/..', 'owner/name/../x', 'owner/name/a//b'],
    ...['owner/name@../x', 'C:\\owner\\name', 'folder/model.safetensors', 'owner/name/a\\..\\b', ''],
  ])("takes '%s' for a path", (text) => {
    expect(parseHubName(text)).toBeUndefined();
  });
});
