/** A state machine as all of ours are: it may take so long, and its failures are logged. */
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  type IChainable,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

export interface LoggedMachineProps {
  /** Names its log within the account. */
  logName: string;
  startAt: IChainable;
  timeout: Duration;
  logRetentionDays: number;
}

export class LoggedMachine extends StateMachine {
  constructor(
    scope: Construct,
    id: string,
    { logName, startAt, timeout, logRetentionDays }: LoggedMachineProps,
  ) {
    super(scope, id, {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(startAt),
      timeout,
      logs: {
        level: LogLevel.ERROR,
        destination: new LogGroup(scope, `${id}Log`, {
          // Under this prefix the account's log policy, which has a size limit, need not name the group.
          logGroupName: `/aws/vendedlogs/states/${logName}`,
          retention: logRetentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
  }
}
