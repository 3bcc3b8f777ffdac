/**
 * The state machine of a run. The order of its stages is that of the embedded runner, `runHere` in
 * shared/pipeline/run-here.ts: what changes here changes there.
 */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  Fail,
  type IChainable,
  JsonPath,
  Pass,
  StateMachineType,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { StageName } from '../../shared/runtime/env.ts';
import { LoggedMachine } from './logged-machine.ts';
import { addRetries } from './retries.ts';
import { StrictMap } from './strict-map.ts';

/** Shards read at once: each reads with 16 requests of its own. */
const EVALUATE_AT_ONCE = 32;
/** Parts written at once: each writes with 16 requests of its own, against the table's write limit. */
const APPLY_AT_ONCE = 16;
/** How often a scheduled run asks whether the writer before it is done. */
const ASK_AGAIN = Duration.seconds(30);
/** Of each failure, this much travels on. */
const FAILURE_LENGTH = 300;

export interface RunMachineProps {
  functions: Readonly<Record<StageName, IFunction>>;
  /** Prefix of names that must be told apart in one account. */
  stageName: string;
  /** The machine's own time, which is also the lease of the run that it holds. */
  timeout: Duration;
  logRetentionDays: number;
}

export class RunMachine extends Construct {
  readonly machine: LoggedMachine;

  constructor(
    scope: Construct,
    id: string,
    { functions, stageName, timeout, logRetentionDays }: RunMachineProps,
  ) {
    super(scope, id);
    const openRun = this.call('OpenRun', functions['open-run'], {
      payload: {
        input: JsonPath.objectAt('$$.Execution.Input'),
        execution: {
          name: JsonPath.stringAt('$$.Execution.Name'),
          startedAt: JsonPath.stringAt('$$.Execution.StartTime'),
        },
      },
    });

    const abandon = this.call('AbandonRun', functions['abandon-run'], {
      payload: { run: JsonPath.objectAt('$.run'), failure: JsonPath.objectAt('$.failure') },
      resultPath: JsonPath.DISCARD,
    });
    abandon.next(
      Fail.jsonata(this, 'Failed', {
        error: '{% $states.input.failure.Error %}',
        // A timeout has no cause.
        cause: "{% '' & $states.input.failure.Cause %}",
      }),
    );
    const onFailure = { errors: ['States.ALL'], resultPath: '$.failure' };

    // All that is known goes in: a run finished by its successor has no outcomes.
    const close = this.call('CloseRun', functions['close-run'], { resultPath: '$.summary' });
    close.addCatch(abandon, onFailure);
    close.next(
      new Choice(this, 'WhoseRun')
        .when(Condition.stringEquals('$.next', 'finish'), openRun)
        .otherwise(new Succeed(this, 'Done')),
    );

    const apply = this.applyParts(functions['apply-part']);
    apply.addCatch(abandon, onFailure);
    apply.next(close);

    const allocate = this.call('Allocate', functions.allocate, { resultPath: '$.plan' });
    allocate.addCatch(abandon, onFailure);
    allocate.next(
      new Choice(this, 'IsDryRun')
        .when(Condition.booleanEquals('$.run.dryRun', true), new Succeed(this, 'Planned'))
        .otherwise(apply),
    );

    const evaluateLast = this.evaluate('EvaluateLast', functions['evaluate-last'], '$.last', {
      'context.$': '$.context',
    });
    evaluateLast.addCatch(abandon, onFailure);
    evaluateLast.next(allocate);

    const decide = this.call('Decide', functions.decide, { resultPath: '$.context' });
    decide.addCatch(abandon, onFailure);
    decide.next(evaluateLast);

    const evaluateEntities = this.evaluate('EvaluateEntities', functions['evaluate-entities'], '$.entities', {
      'outcomes.$': '$.first',
    });
    evaluateEntities.addCatch(abandon, onFailure);
    evaluateEntities.next(
      new Choice(this, 'LooksAtAll')
        .when(Condition.booleanEquals('$.run.full', true), decide)
        .otherwise(allocate),
    );

    const evaluateShards = this.evaluate('EvaluateShards', functions['evaluate-shard'], '$.first');
    evaluateShards.addCatch(abandon, onFailure);
    evaluateShards.next(evaluateEntities);

    openRun.next(
      new Choice(this, 'WhatNext')
        .when(Condition.stringEquals('$.next', 'evaluate'), evaluateShards)
        .when(Condition.stringEquals('$.next', 'finish'), this.finishOther(apply))
        .when(Condition.stringEquals('$.next', 'duplicate'), new Succeed(this, 'Duplicate'))
        .otherwise(this.held(openRun)),
    );

    this.machine = new LoggedMachine(this, 'Machine', {
      logName: `${stageName}-run`,
      startAt: openRun,
      timeout,
      logRetentionDays,
    });
  }

  /** One stage: its function, with the retries that all of them have. */
  private call(
    id: string,
    fn: IFunction,
    { payload, resultPath }: { payload?: Record<string, unknown>; resultPath?: string } = {},
  ): LambdaInvoke {
    return addRetries(
      new LambdaInvoke(this, id, {
        lambdaFunction: fn,
        payloadResponseOnly: true,
        retryOnServiceExceptions: false,
        ...(payload === undefined ? {} : { payload: TaskInput.fromObject(payload) }),
        ...(resultPath === undefined ? {} : { resultPath }),
      }),
    );
  }

  /**
   * A stage that evaluates all shards. One that fails is reported, and fails no other: its participants stay due.
   * The map itself tolerates nothing, because a child that could not even report would be passed by silently.
   */
  private evaluate(
    id: string,
    fn: IFunction,
    resultPath: string,
    more: Readonly<Record<string, string>> = {},
  ): StrictMap {
    const shard = this.call(`${id}Shard`, fn);
    shard.addCatch(
      Pass.jsonata(this, `${id}Failure`, {
        outputs: {
          shard: '{% $states.input.shard.shard %}',
          error: `{% $states.input.failure.Error & ': ' & $substring($states.input.failure.Cause, 0, ${FAILURE_LENGTH}) %}`,
        },
      }),
      { errors: ['States.ALL'], resultPath: '$.failure' },
    );
    return new StrictMap(this, id, {
      itemsPath: '$.shards',
      itemSelector: { 'run.$': '$.run', 'shard.$': '$$.Map.Item.Value', ...more },
      mapExecutionType: StateMachineType.STANDARD,
      maxConcurrency: EVALUATE_AT_ONCE,
      resultPath,
    }).itemProcessor(shard);
  }

  private applyParts(fn: IFunction): StrictMap {
    const part = this.call('ApplyPart', fn);
    return new StrictMap(this, 'ApplyParts', {
      itemsPath: '$.plan.parts',
      itemSelector: {
        'run.$': '$.run',
        'manifest.$': '$.plan.manifest',
        'part.$': '$$.Map.Item.Value',
      },
      mapExecutionType: StateMachineType.STANDARD,
      maxConcurrency: APPLY_AT_ONCE,
      resultPath: '$.applied',
    }).itemProcessor(part);
  }

  /** A dead run's plan goes the same way as one's own; then this run is opened again. */
  private finishOther(apply: IChainable): IChainable {
    return new Pass(this, 'FinishOther', {
      parameters: {
        'next.$': '$.next',
        'run.$': '$.run',
        plan: { 'manifest.$': '$.manifest', 'parts.$': '$.parts' },
      },
    }).next(apply);
  }

  /** Scheduled runs wait for the writer before them; a run by hand is told who it is. */
  private held(openRun: IChainable): IChainable {
    return new Choice(this, 'MayWait')
      .when(
        Condition.isPresent('$$.Execution.Input.scheduledAt'),
        new Wait(this, 'WaitForHolder', { time: WaitTime.duration(ASK_AGAIN) }).next(openRun),
      )
      .otherwise(
        new Fail(this, 'Held', {
          error: 'Held',
          causePath: JsonPath.format(
            'the program is held by run {} until {}: wait for it, or start this again then',
            JsonPath.stringAt('$.holder'),
            JsonPath.stringAt('$.until'),
          ),
        }),
      );
  }
}
