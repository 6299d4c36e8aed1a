// Journals: complete records only, also after the writing process was killed.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal, verifyJournal } from '../../src/lib/base/record-journal.js';
import { scratchFolder } from '../sweeps/tiny.js';

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

describe('damage', () => {
  /** A closed journal of three records, with a change to one of its two files. */
  const damaged = async (name: string, change: (path: string) => void): Promise<string> => {
    const path = join(scratch, name);
    const journal = await openJournal(path, 5);
    for (const value of [1, 2, 3]) await journal.append(record(value));
    await journal.close();
    change(path);
    return path;
  };
  const overwritten = (path: string, at: number, bytes: readonly number[]) => {
    const all = readFileSync(path);
    all.set(bytes, at);
    writeFileSync(path, all);
  };

  it.each<[string, number, number[], (path: string) => void]>([
    ['zeros in a record', 1, [1], (path) => overwritten(path, 5, [0, 0, 0, 0, 0])],
    ['one bit of the last record', 2, [2], (path) => overwritten(path, 14, [2])],
    ['one bit of a checksum', 0, [0], (path) => overwritten(`${path}.crc`, 4, [readFileSync(`${path}.crc`)[4] ^ 1])],
    ['records that changed places', 0, [0, 1], (path) => overwritten(path, 0, [2, 2, 2, 2, 2, 1, 1, 1, 1, 1])],
    ['zeros for all checksums', 0, [0, 1, 2], (path) => writeFileSync(`${path}.crc`, Buffer.alloc(16))],
  ])('%s: it and what follows are dropped, with a warning', async (name, left, numbers, change) => {
    const path = await damaged(name.replaceAll(' ', '-'), change);
    expect(await verifyJournal(path)).toEqual({ count: 3, damaged: numbers });
    const warnings: string[] = [];
    const journal = await openJournal(path, 5, { onWarning: (message) => warnings.push(message) });
    expect(journal.count).toBe(left);
    expect(warnings).toEqual([
      `${path}: record ${left} is damaged (its checksum differs); it and those after it are made again`,
    ]);
    for (let value = left + 1; value <= 3; value++) await journal.append(record(value));
    await journal.close();
    expect(await verifyJournal(path)).toEqual({ count: 3, damaged: [] });
    expect([...readFileSync(path)]).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
  });

  it('of a record while it is open is named', async () => {
    const path = await damaged('open', () => {});
    const journal = await openJournal(path, 5);
    overwritten(path, 5, [0]);
    await expect(journal.read(1)).rejects.toThrow(`${path}: record 1 is damaged (its checksum differs)`);
    await journal.close();
  });
});

it('takes the records of a version without checksums, and gives them theirs', async () => {
  const path = join(scratch, 'earlier');
  writeFileSync(path, Buffer.concat([record(1), record(2)]));
  expect(await verifyJournal(path)).toBeUndefined();
  const journal = await openJournal(path, 5, { onWarning: (message) => expect.fail(message) });
  expect(journal.count).toBe(2);
  await journal.close();
  expect(await verifyJournal(path)).toEqual({ count: 2, damaged: [] });
});

it('drops a record whose checksum was not written any more', async () => {
  const path = join(scratch, 'without');
  const journal = await openJournal(path, 5);
  await journal.append(record(1));
  await journal.close();
  appendFileSync(path, record(2));
  const again = await openJournal(path, 5, { onWarning: (message) => expect.fail(message) });
  expect(again.count).toBe(1);
  await again.close();
});
