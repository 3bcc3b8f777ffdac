/** Fourth stage of a run: writes the entries of one part of its plan. */
import type { Allocation } from '../shared/pipeline/allocate.ts';
import { applyPart, type PartResult } from '../shared/pipeline/apply-part.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('apply-part');
const services = once(() => openServices(environment));

interface ApplyPartEvent extends Pick<Allocation, 'manifest'> {
  run: Run;
  part: string;
}

export const handler = lambdaHandler<ApplyPartEvent, PartResult>(async ({ run, manifest, part }) => {
  const result = await applyPart(await services(), run, manifest, part);
  const { entries, refused, displaced } = result;
  logger.info('applied', { runId: run.runId, part, entries, refused, displaced });
  count({ entries, refused, displaced });
  return result;
});
