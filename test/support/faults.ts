/** Clients that fail: a process that dies, a call that is lost on the way, an answer that never comes. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** `dies`: from the call on, nothing reaches the table · `lost`: one call · `unheard`: one answer. */
export type Fault = 'dies' | 'lost' | 'unheard';

export class Crash extends Error {
  override readonly name = 'Crash';
}

interface Faulty {
  client: DynamoDBDocumentClient;
  /** The calls that were made, as `UpdateCommand CONTROL`. */
  calls: string[];
}

/** A client of which call number `at`, from 1, fails; none when it is left out. */
export function faulty(client: DynamoDBDocumentClient, fault: Fault, at = Number.POSITIVE_INFINITY): Faulty {
  const calls: string[] = [];
  return {
    calls,
    client: withSend(client, async (send, command) => {
      const call = calls.push(command);
      if (call < at || (call > at && fault !== 'dies')) return send();
      if (fault === 'unheard') await send().catch(() => {});
      throw new Crash(`call ${call}: ${fault}`);
    }),
  };
}

type Intercept = (send: () => Promise<unknown>, command: string) => Promise<unknown>;

/** A client whose every call goes through a function, told the command and what it is about. */
export function withSend(client: DynamoDBDocumentClient, intercept: Intercept): DynamoDBDocumentClient {
  const send = client.send.bind(client) as (command: Command) => Promise<unknown>;
  return Object.assign(Object.create(client), {
    send: (command: Command) => intercept(() => send(command), nameOf(command)),
  }) as DynamoDBDocumentClient;
}

interface Command {
  constructor: { name: string };
  input?: { Key?: { sk?: unknown }; Item?: { sk?: unknown } };
}

function nameOf(command: Command): string {
  const { Key, Item } = command.input ?? {};
  return `${command.constructor.name} ${Key?.sk ?? Item?.sk ?? ''}`.trim();
}
