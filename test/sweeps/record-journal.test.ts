// Journals: whole records only, whatever happened to the process that wrote them.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openJournal } from '../../src/lib/sweeps/record-journal.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();
const record = (value: number) => new Uint8Array(5).fill(value);

it('keeps records in order, across openings', async () => {
  const path = join(scratch, 'order');
  const first = await openJournal(path, 5);
  await first.append(record(1));
  await first.append(record(2));
  await first.flush();
  await first.close();
  const second = await openJournal(path, 5);
  expect(second.count).toBe(2);
  await second.append(record(3));
  const seen = [];
  for await (const each of second.records()) seen.push(each[0]);
  expect(seen).toEqual([1, 2, 3]);
  expect(await second.read(1)).toEqual(record(2));
  await second.close();
});

it('cuts off a torn last record', async () => {
  const path = join(scratch, 'torn');
  writeFileSync(path, Buffer.from([1, 1, 1, 1, 1, 2, 2]));
  const journal = await openJournal(path, 5);
  expect(journal.count).toBe(1);
  await journal.append(record(7));
  await journal.close();
  expect([...readFileSync(path)]).toEqual([1, 1, 1, 1, 1, 7, 7, 7, 7, 7]);
});

it('drops records from the end, and appends after what is left', async () => {
  const path = join(scratch, 'truncated');
  const journal = await openJournal(path, 5);
  for (const value of [1, 2, 3]) await journal.append(record(value));
  await journal.truncate(5);
  expect(journal.count).toBe(3);
  await journal.truncate(1);
  await journal.append(record(9));
  expect([await journal.read(0), await journal.read(1)]).toEqual([record(1), record(9)]);
  await journal.close();
});

it('says so when a record is gone', async () => {
  const path = join(scratch, 'gone');
  const journal = await openJournal(path, 5);
  await journal.append(record(1));
  writeFileSync(path, '');
  await expect(journal.read(0)).rejects.toThrow(`${path}: record 0 is gone`);
  appendFileSync(path, 'x');
  await journal.close();
});
