/** Plans at rest, named by their content: the same plan has the same name, and a name cannot come to mean another. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { textHash } from '../values/canonical.ts';
import { itemsIn, putItem } from './items.ts';
import { expiry, keys, type Table } from './table.ts';

/** A text that is not kept any more, or is not what its name says. */
export class PlanLostError extends Error {
  override readonly name = 'PlanLostError';
}

/** Keeps texts by their hash. */
export interface PlanStore {
  /** Stores a text and gives its hash. */
  put(text: string): Promise<string>;
  /** @throws {@link PlanLostError} when there is no such text any more; another Error when it could not be read now. */
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
      if (text === undefined) throw new PlanLostError(`plan ${hash} is not here`);
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
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key(hash) }));
        return textOf(hash, (await Body?.transformToByteArray()) ?? new Uint8Array());
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'NoSuchKey') throw error;
        throw new PlanLostError(`plan ${hash} is not in the bucket`);
      }
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
      if (chunks.length === 0) throw new PlanLostError(`plan ${hash} is not in the table`);
      return textOf(hash, Buffer.concat(chunks));
    },
  };
}

/** The text of what is kept under a name. @throws {@link PlanLostError} when it is not what the name says. */
function textOf(hash: string, bytes: Uint8Array): string {
  const text = unzipped(bytes);
  if (text !== undefined && textHash(text) === hash) return text;
  throw new PlanLostError(`plan ${hash} is damaged: what is kept under its name is something else`);
}

function unzipped(bytes: Uint8Array): string | undefined {
  try {
    return gunzipSync(bytes).toString();
  } catch {
    return undefined;
  }
}
