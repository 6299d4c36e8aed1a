// Logs of the demo model's trainings: one line of numbers per save, stored with the weights.

import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The numbers of one save. */
export type LogLine = Readonly<Record<string, number | undefined>>;

const fileOf = (model: string, part: string): string => join(model, 'training', `${part}.jsonl`);

/** Appends a line to the log of a part. */
export async function appendLog(model: string, part: string, line: LogLine): Promise<void> {
  await mkdir(join(model, 'training'), { recursive: true });
  await appendFile(fileOf(model, part), `${JSON.stringify(line)}\n`);
}

/** All lines of a part's log, in order; each training counts its iterations from the start. */
export async function readLog(model: string, part: string): Promise<LogLine[]> {
  const path = fileOf(model, part);
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as LogLine);
}
