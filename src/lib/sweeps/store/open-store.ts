// The store that a user names: a folder, or s3://BUCKET/PREFIX.

import { resolve } from 'node:path';
import { folderStore } from './folder-store.js';
import { s3Store } from './s3-store.js';
import type { Store } from './store.js';

/** Whether a name is that of a bucket. */
export function isBucket(name: string): boolean {
  return name.startsWith('s3:');
}

/**
 * The store of this name; nothing is read yet.
 *
 * @throws UsageError for an address without a bucket, or where the package that speaks to buckets is not installed
 */
export async function openStore(name: string): Promise<Store> {
  return isBucket(name) ? await s3Store(name) : folderStore(resolve(name));
}
