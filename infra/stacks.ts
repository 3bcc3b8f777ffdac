/** The stacks of a stage, together. */
import { type App, Tags } from 'aws-cdk-lib';
import type { BusinessDate } from '../shared/values/calendar.ts';
import { DataStack } from './data-stack.ts';
import { OperationsStack } from './operations-stack.ts';
import { PipelineStack } from './pipeline-stack.ts';
import type { Stage } from './stages.ts';

/**
 * Names are fixed: the command line finds a stage by them.
 * @param today in UTC: which programs have ended.
 */
export function stacksOf(
  app: App,
  stage: Stage,
  today: BusinessDate,
): { data: DataStack; pipeline: PipelineStack; operations: OperationsStack } {
  const data = new DataStack(app, `hongbao-${stage.name}-data`, { stage });
  const pipeline = new PipelineStack(app, `hongbao-${stage.name}-pipeline`, {
    stage,
    table: data.table,
    plans: data.plans,
    today,
  });
  const operations = new OperationsStack(app, `hongbao-${stage.name}-operations`, {
    stage,
    table: data.table,
    plans: data.plans,
  });
  Tags.of(app).add('application', 'hongbao');
  Tags.of(app).add('stage', stage.name);
  return { data, pipeline, operations };
}
