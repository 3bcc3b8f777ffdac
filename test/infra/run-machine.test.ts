/** The state machine: every map and task says what becomes of failure, and no failure leaves a run holding. */
import { describe, expect, it } from 'vitest';
import { type Resource, synthesize } from './synth.ts';

interface State {
  Type: string;
  Next?: string;
  Default?: string;
  Choices?: { Next: string; StringEquals?: string }[];
  Catch?: { ErrorEquals: string[]; Next: string }[];
  Retry?: { ErrorEquals: string[]; MaxAttempts: number }[];
  MaxConcurrency?: number;
  ToleratedFailurePercentage?: number;
  ItemProcessor?: { ProcessorConfig: { Mode: string }; States: Record<string, State> };
}

interface Machine {
  StartAt: string;
  TimeoutSeconds: number;
  States: Record<string, State>;
}

/** The definition, with names in place of what is known only once it is deployed. */
function definitionOf([, { Properties }]: [string, Resource]): Machine {
  const { DefinitionString } = Properties;
  const parts: unknown[] = DefinitionString['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'arn')).join(''));
}

const { all, pipeline } = synthesize('prod');
const [resource] = Object.entries(pipeline.findResources('AWS::StepFunctions::StateMachine'));
if (resource === undefined) throw new Error('there is no state machine');
const machine = definitionOf(resource as [string, Resource]);
const { States } = machine;

const EVALUATING = ['EvaluateShards', 'EvaluateEntities', 'EvaluateLast'];

/** All states, those inside maps too. */
const everyState = Object.entries(States).flatMap(([name, state]): [string, State][] => [
  [name, state],
  ...Object.entries(state.ItemProcessor?.States ?? {}),
]);
const ofType = (type: string) => everyState.filter(([, state]) => state.Type === type);

describe('the state machine', () => {
  it('states the concurrency and the tolerated failure of every map', () => {
    expect(
      ofType('Map')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['ApplyParts', 'EvaluateEntities', 'EvaluateLast', 'EvaluateShards']);
    for (const [name, { MaxConcurrency, ToleratedFailurePercentage, ItemProcessor }] of ofType('Map')) {
      expect(ItemProcessor?.ProcessorConfig.Mode, name).toBe('DISTRIBUTED');
      expect(MaxConcurrency, name).toBeGreaterThan(0);
      expect(ToleratedFailurePercentage, name).toBe(0);
    }
  });

  it('tries every task again after throttles and failures of the platform, and after nothing else', () => {
    expect(ofType('Task')).toHaveLength(9);
    for (const [name, { Retry = [] }] of ofType('Task')) {
      const errors = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(errors, name).toEqual(
        expect.arrayContaining([
          'Lambda.TooManyRequestsException',
          'Lambda.ServiceException',
          'ProvisionedThroughputExceededException',
        ]),
      );
      expect(errors, name).not.toContain('States.ALL');
      expect(errors, name).not.toContain('States.TaskFailed');
      for (const { MaxAttempts } of Retry) expect(MaxAttempts).toBeGreaterThan(0);
    }
  });

  it('gives a run up whichever stage fails once it is open', () => {
    for (const stage of [...EVALUATING, 'Decide', 'Allocate', 'ApplyParts', 'CloseRun']) {
      expect(States[stage]?.Catch, stage).toMatchObject([
        { ErrorEquals: ['States.ALL'], Next: 'AbandonRun' },
      ]);
    }
    expect(States.AbandonRun?.Next).toBe('Failed');
    expect(States.Failed?.Type).toBe('Fail');
  });

  it('reports a shard that fails, and lets the others be decided', () => {
    for (const stage of EVALUATING) {
      const children: Record<string, State> = States[stage]?.ItemProcessor?.States ?? {};
      expect(children[`${stage}Shard`]?.Catch).toMatchObject([
        { ErrorEquals: ['States.ALL'], Next: `${stage}Failure` },
      ]);
      expect(children[`${stage}Failure`]?.Type).toBe('Pass');
    }
  });

  it('decides what takes everyone only in runs that look at everyone, and funds all of it', () => {
    expect(States.EvaluateShards?.Next).toBe('EvaluateEntities');
    expect(States[States.EvaluateEntities?.Next ?? '']).toMatchObject({
      Choices: [{ Variable: '$.run.full', BooleanEquals: true, Next: 'Decide' }],
      Default: 'Allocate',
    });
    expect(States.Decide?.Next).toBe('EvaluateLast');
    expect(States.EvaluateLast?.Next).toBe('Allocate');
  });

  it('takes as long as the lease of its run', () => {
    const leases = all('AWS::Lambda::Function')
      .map(([, { Properties }]) => Properties.Environment.Variables.LEASE_SECONDS)
      .filter((lease) => lease !== undefined);
    expect(new Set(leases)).toEqual(new Set([String(machine.TimeoutSeconds)]));
  });

  it('goes where the opening says', () => {
    expect(machine.StartAt).toBe('OpenRun');
    const choices = States[States.OpenRun?.Next ?? '']?.Choices ?? [];
    expect(choices.map(({ StringEquals, Next }) => [StringEquals, Next])).toEqual([
      ['evaluate', 'EvaluateShards'],
      ['finish', 'FinishOther'],
      ['duplicate', 'Duplicate'],
    ]);
    expect(States[States.OpenRun?.Next ?? '']?.Default).toBe('MayWait');
    expect(States.MayWait?.Choices?.map(({ Next }) => States[Next]?.Next)).toEqual(['OpenRun']);
    expect(States[States.MayWait?.Default ?? '']?.Type).toBe('Fail');
  });

  it('opens its own run after it has finished the one of another', () => {
    expect(States.FinishOther?.Next).toBe('ApplyParts');
    expect(States.ApplyParts?.Next).toBe('CloseRun');
    expect(States.WhoseRun?.Choices).toMatchObject([{ StringEquals: 'finish', Next: 'OpenRun' }]);
  });
});
