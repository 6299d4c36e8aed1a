// A store in a bucket of S3, or of a server that speaks its protocol. New files appear by conditional writes.

import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as S3 from '@aws-sdk/client-s3';
import { variable } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { isContent, type Store } from './store.js';

/** Larger files are stored in parts. */
const PART = 256 << 20;

/** Keys of one request to list or remove them, at most what S3 allows. */
const PAGE = 1000;

/** Milliseconds without a byte after which a request is made again; those that go on may take as long as they want. */
const SILENCE = 30_000;

/** What a request may come to. */
interface Limits {
  /** Keys of one request to list or remove them. */
  readonly page: number;
  /** Bytes of a part; S3 wants 5 MiB at least. */
  readonly part: number;
  /** Milliseconds without a byte. */
  readonly silence: number;
}

/**
 * The store below `s3://BUCKET/PREFIX`. Region, credentials and server are those of AWS's own variables and files.
 *
 * @param limits other than usual; for tests
 * @throws UsageError for another address, or where `@aws-sdk/client-s3` is not installed
 */
export async function s3Store(
  address: string,
  { page = PAGE, part = PART, silence = SILENCE }: Partial<Limits> = {},
): Promise<Store> {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(address) ?? [];
  if (bucket === undefined) throw new UsageError(`${address}: expected s3://BUCKET or s3://BUCKET/PREFIX`);
  const sdk = await loadSdk(address);
  const endpoint = variable('AWS_ENDPOINT_URL_S3') ?? variable('AWS_ENDPOINT_URL');
  const client = new sdk.S3Client({
    // Other servers have no name for each bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true, region: variable('AWS_REGION') ?? 'us-east-1' }),
    requestHandler: { connectionTimeout: 5000, socketTimeout: silence },
  });
  const base = path === '' ? '' : `${path.replace(/\/+$/, '')}/`;
  const at = (key: string): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: base + key });
  const list = async (prefix: string): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    let token: string | undefined;
    do {
      const asked = { Bucket: bucket, Prefix: base + prefix, MaxKeys: page, ContinuationToken: token };
      const listed = await client.send(new sdk.ListObjectsV2Command(asked));
      for (const { Key = '', ETag = '' } of listed.Contents ?? []) found.set(Key.slice((base + prefix).length), ETag);
      token = listed.NextContinuationToken;
    } while (token !== undefined);
    return found;
  };
  const get = async (key: string): Promise<Readable | undefined> => {
    try {
      return (await client.send(new sdk.GetObjectCommand(at(key)))).Body as Readable;
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  };
  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const body = await get(key);
    return body && Buffer.concat(await body.toArray());
  };
  /** Ends uploads in parts whose process was killed: their parts are kept, and paid for, though no list shows them. */
  const abortUploads = async (prefix: string): Promise<void> => {
    const asked = { Bucket: bucket, Prefix: base + prefix };
    const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand(asked));
    for (const { Key, UploadId } of Uploads) {
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    }
  };
  const create = async (key: string, data: Uint8Array | string): Promise<boolean> => {
    try {
      await client.send(new sdk.PutObjectCommand({ ...at(key), ...bodyOf(data), IfNoneMatch: '*' }));
      return true;
    } catch (error) {
      const { name, $metadata } = error as S3.S3ServiceException;
      if (name !== 'PreconditionFailed') throw error;
      // The SDK tries again by itself: its first attempt may have succeeded although the answer was lost.
      return ($metadata?.attempts ?? 1) > 1 && isContent(await read(key), data);
    }
  };
  return {
    name: address,
    interval: 1000,
    async found() {
      await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }));
      // Servers that do not know the condition overwrite, and two workers would have one job.
      const probe = `.shared/probe-${randomBytes(8).toString('hex')}`;
      const made = [await create(probe, 'first'), await create(probe, 'second')];
      await client.send(new sdk.DeleteObjectCommand(at(probe)));
      if (made[1])
        throw new UsageError('its server ignores the condition If-None-Match of writes, which a sweep needs');
    },
    names: async (prefix) => [...(await list(prefix)).keys()],
    versions: list,
    read,
    async write(key, data) {
      await client.send(new sdk.PutObjectCommand({ ...at(key), ...bodyOf(data) }));
    },
    create,
    async remove(key) {
      const isPrefix = key.endsWith('/');
      const keys = isPrefix ? [...(await list(key)).keys()].map((name) => key + name) : [key];
      for (let start = 0; start < keys.length; start += page) {
        const Objects = keys.slice(start, start + page).map((each) => ({ Key: base + each }));
        const command = new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
        const { Errors = [] } = await client.send(command);
        if (Errors.length > 0) throw new FailureError(`${address}: ${Errors[0].Key} cannot be removed`);
      }
      if (isPrefix) await abortUploads(key).catch(() => {}); // which may not be allowed
    },
    upload: (key, from) => uploadFile({ sdk, client, at: at(key), part }, from),
    async download(key, to) {
      const body = await get(key);
      if (!body) return false;
      await rm(to, { force: true });
      await pipeline(body, createWriteStream(to));
      return true;
    },
  };
}

/** Bytes with their number, which the SDK does not find out for an empty body. */
function bodyOf(data: Uint8Array | string): { Body: Buffer; ContentLength: number } {
  const Body = Buffer.from(data as string);
  return { Body, ContentLength: Body.length };
}

/** Where a file is stored. */
interface Target {
  readonly sdk: typeof S3;
  readonly client: S3.S3Client;
  readonly at: { readonly Bucket: string; readonly Key: string };
  readonly part: number;
}

async function uploadFile({ sdk, client, at, part }: Target, from: string): Promise<void> {
  const { size } = await stat(from);
  if (size <= part) {
    const Body = createReadStream(from);
    await client.send(new sdk.PutObjectCommand({ ...at, Body, ContentLength: size }));
    return;
  }
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(at));
  const Parts: S3.CompletedPart[] = [];
  const handle = await open(from);
  try {
    for (let start = 0; start < size; start += part) {
      const Body = Buffer.alloc(Math.min(part, size - start));
      const { bytesRead } = await handle.read(Body, 0, Body.length, start);
      if (bytesRead < Body.length) throw new FailureError(`${from}: has become shorter while it was stored`);
      const PartNumber = Parts.length + 1;
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber, Body }));
      Parts.push({ ETag, PartNumber });
    }
    await client.send(new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}

async function loadSdk(address: string): Promise<typeof S3> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    throw new UsageError(`${address}: needs the package @aws-sdk/client-s3; install it beside steadyframe`, {
      cause: error,
    });
  }
}
