// Counts on which device each node of a session ran, from ONNX Runtime's own profile of one run.

import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Placement } from '../program.js';

interface ProfileEvent {
  cat?: string;
  name?: string;
  args?: { provider?: string; op_name?: string };
}

/** A path that the name of a profile begins with, which no other has. */
export function profilePrefix(): string {
  return join(tmpdir(), `steadyframe-profile-${randomUUID()}-`);
}

/** Reads and removes the profile whose file name starts with `prefix`. */
export async function readPlacement(prefix: string): Promise<Omit<Placement, 'weightBytes'>> {
  const folder = dirname(prefix);
  const names = (await readdir(folder)).filter((name) => name.startsWith(basename(prefix)));
  const onCpu: Record<string, number> = {};
  const seen = new Set<string>();
  for (const name of names) {
    const path = join(folder, name);
    const events = JSON.parse(await readFile(path, 'utf8')) as ProfileEvent[];
    for (const { cat, name: event, args } of events) {
      if (cat !== 'Node' || !args?.provider || !event?.endsWith('_kernel_time') || seen.has(event)) continue;
      seen.add(event);
      const op = args.op_name ?? 'unknown';
      if (args.provider === 'CPUExecutionProvider') onCpu[op] = (onCpu[op] ?? 0) + 1;
    }
    await rm(path, { force: true });
  }
  return { nodes: seen.size, onCpu };
}
