/** Gives up a run that failed, so that the next one need not wait until its lease ends. */
import { abandonRun } from '../shared/pipeline/allocate.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import { endLease } from '../shared/store/control.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('abandon-run');
const services = once(() => openServices(environment));

/** The failure as the state machine reports it. */
interface AbandonRunEvent {
  run: Run;
  failure: { Error: string; Cause?: string };
}

/**
 * A run that was planning is abandoned. One that had moved on to applying keeps its plan, complete and funded,
 * and is declared dead: its successor finishes it. Which of the two it is, only the control item knows: a stage
 * that failed may have moved on before it did.
 */
export const handler = lambdaHandler<AbandonRunEvent, void>(async ({ run, failure }) => {
  logger.error('run failed', { runId: run.runId, failure });
  count({ failedRuns: 1 });
  if (run.dryRun) return;
  const opened = await services();
  await abandonRun(opened, run, failure.Cause ?? failure.Error);
  await endLease(opened.table, run);
});
