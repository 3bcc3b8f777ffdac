/** Plans at rest, named by their content: the same plan has the same name, and a name cannot come to mean another. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { textHash } from '../values/canonical.ts';
import { itemsIn, putItem } from './items.ts';
import { expiry, keys, type Table } from './table.ts';

/** Keeps texts by their hash. */
export interface PlanStore {
  /** Stores a text and gives its hash. */
  put(text: string): Promise<string>;
  /** @throws Error when there is no such text any more. */
  get(hash: string): Promise<string>;
}

/** In this process only: for a run that must leave nothing behind. */
export function memoryPlans(): PlanStore {
  const texts = new Map<string, string>();
  return {
    async put(text) {
      const hash = textHash(text);
      texts.set(hash, text);
      return hash;
    },
    async get(hash) {
      const text = texts.get(hash);
      if (text === undefined) throw new Error(`plan ${hash} is not here`);
      return text;
    },
  };
}

/** In a bucket: for a deployed stage. */
export function bucketPlans(client: S3Client, bucket: string): PlanStore {
  const key = (hash: string) => `plans/${hash}.json.gz`;
  return {
    async put(text) {
      const hash = textHash(text);
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key(hash),
          Body: gzipSync(text),
          ContentType: 'application/json',
          ContentEncoding: 'gzip',
        }),
      );
      return hash;
    },
    async get(hash) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key(hash) }));
      if (Body === undefined) throw new Error(`plan ${hash} is empty`);
      return gunzipSync(await Body.transformToByteArray()).toString();
    },
  };
}

/** An item of DynamoDB holds 400 KB. */
const CHUNK_BYTES = 350_000;

/** In the table itself: where there is no bucket, whoever takes a run over still finds its plan. */
export function tablePlans(table: Table): PlanStore {
  return {
    async put(text) {
      const hash = textHash(text);
      const bytes = gzipSync(text);
      for (let chunk = 0; chunk * CHUNK_BYTES < bytes.length; chunk++) {
        await putItem(table, {
          ...keys.planPart(hash, chunk),
          bytes: bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES),
          expiresAt: expiry(table.now()),
        });
      }
      return hash;
    },
    async get(hash) {
      const chunks: Uint8Array[] = [];
      for await (const { bytes } of itemsIn(table, { pk: keys.planPart(hash, 0).pk }))
        chunks.push(bytes as Uint8Array);
      if (chunks.length === 0) throw new Error(`plan ${hash} is not in the table`);
      return gunzipSync(Buffer.concat(chunks)).toString();
    },
  };
}
