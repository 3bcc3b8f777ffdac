/** What the stages need, made from a function's environment: once in the life of a process. */

import { S3Client } from '@aws-sdk/client-s3';
import type { Services } from '../pipeline/services.ts';
import { CATALOGUE } from '../policy/catalogue.ts';
import { openTable } from '../store/open-table.ts';
import { bucketPlans, type PlanStore } from '../store/plans.ts';
import { documentClient } from './clients.ts';
import type { StageEnvironment } from './env.ts';
import { CODE_VERSION } from './version.ts';

/**
 * Runs an opening once and keeps its result. One that failed is tried again by the next call, so that a table
 * throttled at a cold start does not spoil the process.
 */
export function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return async () => {
    opened ??= open();
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
}

/** A function lives minutes and an execution an hour; a command on a laptop that sleeps may live longer. */
export const WRITER_LIFE_MS = 86_400_000;

/** The services of ingestion: it needs no plans. */
export async function openIngestion({
  TABLE_NAME,
}: Pick<StageEnvironment, 'TABLE_NAME'>): Promise<Pick<Services, 'table' | 'now'>> {
  return { table: await openTable(documentClient(), TABLE_NAME), now: Date.now };
}

/** The services of a verification, which reads the plans of runs and holds no program. */
export async function openVerification(
  environment: Pick<StageEnvironment, 'TABLE_NAME' | 'PLANS_BUCKET'>,
): Promise<Services> {
  return {
    ...(await openIngestion(environment)),
    plans: plansOf(environment),
    catalogue: CATALOGUE,
    leaseMs: 0,
    writerLifeMs: WRITER_LIFE_MS,
    codeVersion: CODE_VERSION,
    shards: 1,
  };
}

/** The services of a run's stages. */
export async function openServices(environment: StageEnvironment): Promise<Services> {
  return {
    ...(await openIngestion(environment)),
    plans: plansOf(environment),
    catalogue: CATALOGUE,
    leaseMs: environment.LEASE_SECONDS * 1000,
    writerLifeMs: WRITER_LIFE_MS,
    codeVersion: CODE_VERSION,
    shards: environment.SHARDS,
  };
}

function plansOf({ PLANS_BUCKET }: Pick<StageEnvironment, 'PLANS_BUCKET'>): PlanStore {
  return bucketPlans(new S3Client({ maxAttempts: 5 }), PLANS_BUCKET);
}
