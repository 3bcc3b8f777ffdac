/** A Lambda function as all of ours are: the runtime, the log, and an environment that its schema accepts. */
import { fileURLToPath } from 'node:url';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { EnvironmentOf, FunctionName } from '../../shared/runtime/env.ts';
import { BUNDLE } from './bundling.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the functions' figures are found in CloudWatch. */
export const METRICS_NAMESPACE = 'Hongbao';

/** What every function is told. It logs and counts under the name of its stage. */
export function commonEnvironment(stageName: string, { tableName }: TableV2): EnvironmentOf<'ingest-facts'> {
  return {
    TABLE_NAME: tableName,
    POWERTOOLS_SERVICE_NAME: stageName,
    POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
  };
}

export interface StageFunctionProps<N extends FunctionName> {
  /** The file of the handler in `functions/`, and the key of its environment's schema. */
  name: N;
  description: string;
  environment: EnvironmentOf<N>;
  timeout: Duration;
  /** In MB; more memory is also more processor. */
  memorySize?: number;
  logRetentionDays: number;
}

export class StageFunction<N extends FunctionName> extends NodejsFunction {
  constructor(scope: Construct, id: string, props: StageFunctionProps<N>) {
    const { name, description, environment, timeout, memorySize = 1024, logRetentionDays } = props;
    super(scope, id, {
      entry: `${root}functions/${name}.ts`,
      projectRoot: root,
      depsLockFilePath: `${root}package-lock.json`,
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout,
      environment,
      awsSdkConnectionReuse: false,
      loggingFormat: LoggingFormat.JSON,
      logGroup: new LogGroup(scope, `${id}Log`, {
        retention: logRetentionDays,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      bundling: {
        ...BUNDLE,
        mainFields: [...BUNDLE.mainFields],
        format: OutputFormat.ESM,
        bundleAwsSDK: true,
        externalModules: [],
      },
    });
  }
}
