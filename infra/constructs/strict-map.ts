/** A distributed map of which no child may fail, and which says so. */
import { DistributedMap } from 'aws-cdk-lib/aws-stepfunctions';

export class StrictMap extends DistributedMap {
  /** Without a threshold the service tolerates nothing either, but CDK leaves a zero out, and readers guessing. */
  override toStateJson(): object {
    return { ...super.toStateJson(), ToleratedFailurePercentage: 0 };
  }
}
