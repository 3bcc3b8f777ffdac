/** A Lambda function as all of ours are: the runtime, the log, and an environment that its schema accepts. */
import { fileURLToPath } from 'node:url';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { EnvironmentOf, FunctionName } from '../../shared/runtime/env.ts';
import { BUNDLE } from './bundling.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface StageFunctionProps<N extends FunctionName> {
  /** The file of the handler in `functions/`, and the key of its environment's schema. */
  name: N;
  description: string;
  environment: EnvironmentOf<N>;
  timeout: Duration;
  logRetentionDays: number;
}

export class StageFunction<N extends FunctionName> extends NodejsFunction {
  constructor(scope: Construct, id: string, props: StageFunctionProps<N>) {
    const { name, description, environment, timeout, logRetentionDays } = props;
    super(scope, id, {
      entry: `${root}functions/${name}.ts`,
      projectRoot: root,
      depsLockFilePath: `${root}package-lock.json`,
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 1024,
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
