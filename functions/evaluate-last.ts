/** Last of evaluation, in a run that looks at everyone: those paid by what takes everyone. */
import { evaluateLast } from '../shared/pipeline/evaluate-last.ts';
import type { ShardResult } from '../shared/pipeline/evaluation.ts';
import type { Shard } from '../shared/pipeline/open-run.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { tellEvaluated } from '../shared/runtime/evaluated.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('evaluate-last');
const services = once(() => openServices(environment));

interface EvaluateLastEvent {
  run: Run;
  shard: Shard;
  /** The hash of what was decided. */
  context: string;
}

export const handler = lambdaHandler<EvaluateLastEvent, ShardResult>(async ({ run, shard, context }) =>
  tellEvaluated(run, await evaluateLast(await services(), run, shard, context)),
);
