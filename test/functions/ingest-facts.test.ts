/** The function on the queue: which failures are the message's, and which are only a fact's. */
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { actionOf, allowedActions, CONTEXT, setEnvironment } from './lambda.ts';

const dynamo = mockClient(DynamoDBDocumentClient);

const sales = (participantId: string, more = {}) =>
  JSON.stringify({
    type: 'sales',
    participantId,
    date: '2024-08-01',
    grossFen: 100,
    refundedFen: 0,
    feesFen: 1,
    orders: 1,
    revision: 1,
    ...more,
  });

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

/** One invocation with a message a body. Modules are loaded anew: each test is a cold start. */
async function start() {
  vi.resetModules();
  const { handler } = await import('../../functions/ingest-facts.ts');
  return async (...bodies: string[]): Promise<string[]> => {
    const Records = bodies.map((body, index) => ({ messageId: `message-${index + 1}`, body }));
    const response = (await handler({ Records } as SQSEvent, CONTEXT)) as SQSBatchResponse;
    return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
}

/** The keys of all items put in batches: due markers and quarantine. */
const batchPuts = () =>
  dynamo
    .commandCalls(BatchWriteCommand)
    .flatMap(({ args }) => Object.values(args[0].input.RequestItems ?? {}).flat())
    .map(({ PutRequest }) => PutRequest?.Item ?? {});

beforeEach(() => {
  setEnvironment();
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2024-08-01T16:30:00Z') });
  dynamo.reset();
  dynamo.on(GetCommand).resolves({});
  dynamo
    .on(GetCommand, { Key: { pk: 'TABLE', sk: 'META' } })
    .resolves({ Item: { schema: 'hongbao/2', buckets: 4, expires: true, openedAtMs: 0 } });
  dynamo.on(BatchGetCommand).resolves({});
  dynamo.on(BatchWriteCommand).resolves({});
  dynamo.on(PutCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({});
});

/** Whatever came, it may ask only for what the stack allows it. */
afterEach(() => {
  const asked = dynamo.calls().map(({ args: [command] }) => actionOf(command as never));
  expect(allowedActions('ingest-facts')).toEqual(expect.arrayContaining(asked));
});

describe('ingest-facts', () => {
  it('takes several facts of one message, due on the business date of processing', async () => {
    const invoke = await start();
    expect(await invoke(`${sales('m-1')}\n${sales('m-2')}\n`)).toEqual([]);
    expect(dynamo).toHaveReceivedCommandTimes(UpdateCommand, 2);
    expect(
      batchPuts()
        .map(({ pk, sk }) => `${String(pk).slice(0, 14)} ${sk}`)
        .sort(),
    ).toEqual(['DUE#2024-08-02 m-1', 'DUE#2024-08-02 m-2']);
  });

  it('quarantines a bad fact, takes its neighbours in and fails nothing', async () => {
    const invoke = await start();
    expect(await invoke(`${sales('m-1', { grossFen: 1.5 })}\n${sales('m-2')}`, 'no JSON')).toEqual([]);
    const updates = dynamo.commandCalls(UpdateCommand).map(({ args: [{ input }] }) => input);
    const rows = updates.filter(({ Key }) => String(Key?.pk).startsWith('QUARANTINE#'));
    const values = rows.map(({ ExpressionAttributeValues }) => ExpressionAttributeValues ?? {});
    expect(values.map((value) => [String(value[':reason']).split(':')[0], value[':at']]).sort()).toEqual([
      ['grossFen', 'message message-1:1'],
      ['not JSON', 'message message-2:1'],
    ]);
    expect(updates).toHaveLength(3);
  });

  it('notes a fact that comes so late that most runs do not read it any more', async () => {
    const invoke = await start();
    expect(await invoke(sales('m-1', { date: '2024-01-01' }))).toEqual([]);
    expect(batchPuts().map(({ sk }) => sk)).toEqual(['m-1', 'm-1#2024-01-01']);
  });

  it('counts what became of the facts', async () => {
    setEnvironment({ POWERTOOLS_METRICS_DISABLED: 'false', POWERTOOLS_DEV: 'true' });
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const invoke = await start();
    await invoke(`${sales('m-1')}\n${sales('m-2', { revision: -1 })}`);
    const written = log.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(written).toContainEqual(
      expect.objectContaining({ service: 'hongbao-test', accepted: 1, quarantined: 1, failedMessages: 0 }),
    );
    log.mockRestore();
  });

  it('fails just the message whose write the table throttles', async () => {
    dynamo
      .on(UpdateCommand, { Key: { pk: 'P#m-2', sk: 'DAY#2024-08-01' } })
      .rejects(named('ProvisionedThroughputExceededException'));
    const invoke = await start();
    expect(await invoke(sales('m-1'), sales('m-2'), sales('m-3'))).toEqual(['message-2']);
  });

  it('fails a message whose refused fact cannot be kept', async () => {
    dynamo.on(UpdateCommand).rejects(named('InternalServerError'));
    const invoke = await start();
    expect(await invoke('no JSON')).toEqual(['message-1']);
  });

  it('merges again when another writer was there first', async () => {
    dynamo.on(UpdateCommand).rejectsOnce(named('ConditionalCheckFailedException')).resolves({});
    const invoke = await start();
    expect(await invoke(sales('m-1'))).toEqual([]);
    expect(dynamo).toHaveReceivedCommandTimes(UpdateCommand, 2);
  });

  it('fails a message whose condition never holds, instead of dropping its fact', async () => {
    dynamo.on(UpdateCommand).rejects(named('ConditionalCheckFailedException'));
    const invoke = await start();
    expect(await invoke(sales('m-1'))).toEqual(['message-1']);
  });

  it('fails as a whole while the table cannot be opened, and recovers in the same process', async () => {
    dynamo
      .on(GetCommand, { Key: { pk: 'TABLE', sk: 'META' } })
      .rejectsOnce(named('ThrottlingException'))
      .resolves({ Item: { schema: 'hongbao/2', buckets: 4, expires: true, openedAtMs: 0 } });
    const invoke = await start();
    await expect(invoke(sales('m-1'))).rejects.toThrow('ThrottlingException');
    expect(await invoke(sales('m-1'))).toEqual([]);
  });

  it('does not start without its environment', async () => {
    vi.stubEnv('TABLE_NAME', '');
    await expect(start()).rejects.toThrow('environment of ingest-facts: TABLE_NAME');
  });
});
