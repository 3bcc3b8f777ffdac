/** Then: plans the changes of one shard's owners of several shops. */
import { evaluateEntities } from '../shared/pipeline/evaluate-entities.ts';
import type { ShardOutcome, ShardResult } from '../shared/pipeline/evaluation.ts';
import type { Shard } from '../shared/pipeline/open-run.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { tellEvaluated } from '../shared/runtime/evaluated.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('evaluate-entities');
const services = once(() => openServices(environment));

interface EvaluateEntitiesEvent {
  run: Run;
  shard: Shard;
  /** What the stage before found: it names the owners. */
  outcomes: ShardOutcome[];
}

export const handler = lambdaHandler<EvaluateEntitiesEvent, ShardResult>(async ({ run, shard, outcomes }) =>
  tellEvaluated(run, await evaluateEntities(await services(), run, shard, outcomes)),
);
