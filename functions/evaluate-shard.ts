/** Second stage of a run: plans the changes of one shard's single participants. */
import { evaluateShard } from '../shared/pipeline/evaluate-shard.ts';
import type { ShardResult } from '../shared/pipeline/evaluation.ts';
import type { Shard } from '../shared/pipeline/open-run.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { tellEvaluated } from '../shared/runtime/evaluated.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('evaluate-shard');
const services = once(() => openServices(environment));

export const handler = lambdaHandler<{ run: Run; shard: Shard }, ShardResult>(async ({ run, shard }) =>
  tellEvaluated(run, await evaluateShard(await services(), run, shard)),
);
