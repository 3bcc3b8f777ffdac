/** The command line against a DynamoDB-compatible server: whose table it is, and what an interruption leaves behind. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint } from '../../functions/cli/target.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { type Embedded, startEmbedded } from '../../shared/runtime/embedded.ts';
import { readEntries } from '../../shared/store/ledger.ts';
import { ensureTable } from '../../shared/store/open-table.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { Workplace } from '../cli/workplace.ts';

let server: Embedded;
let endpoint: string;
let place: Workplace;
beforeAll(async () => {
  server = await startEmbedded();
  const { protocol, hostname, port } = (await server.client.config.endpoint?.()) ?? {};
  endpoint = `${protocol}//${hostname}:${port}`;
});
afterAll(() => server.stop());
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

describe('a table that is not ours', () => {
  const runs = (table: string) => place.hongbao(['runs', '--endpoint', endpoint, '--table', table]);
  const items = async (TableName: string) => (await server.client.send(new ScanCommand({ TableName }))).Items;

  it('is refused by its keys', async () => {
    await server.client.send(
      new CreateTableCommand({
        TableName: 'orders',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    const { code, stderr } = await runs('orders');
    expect(code).toBe(2);
    expect(stderr).toMatch(/table: got "orders" with keys id; allowed: keys pk, sk and the index ledger/);
    expect(await items('orders')).toEqual([]);
  });

  it('is refused by what it holds, and left as it was', async () => {
    await ensureTable(server.client, 'other');
    const item = { pk: 'CUSTOMER#1', sk: 'PROFILE' };
    await server.client.send(new PutCommand({ TableName: 'other', Item: item }));
    const { code, stderr } = await runs('other');
    expect(code).toBe(2);
    expect(stderr).toMatch(/table: got "other", which holds items of something else/);
    expect(await items('other')).toEqual([item]);
  });

  it('is refused when it is of a later Hongbao', async () => {
    await ensureTable(server.client, 'later');
    const item = { pk: 'TABLE', sk: 'META', schema: 'hongbao/9', buckets: 4 };
    await server.client.send(new PutCommand({ TableName: 'later', Item: item }));
    const { code, stderr } = await runs('later');
    expect(code).toBe(2);
    expect(stderr).toMatch(/"later" has schema hongbao\/9; allowed: hongbao\/2/);
    expect(await items('later')).toEqual([item]);
  });
});

it('says where nothing answers', async () => {
  const { code, stderr } = await place.hongbao(['runs', '--endpoint', 'http://127.0.0.1:9']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /nothing at http:\/\/127\.0\.0\.1:9 answers as DynamoDB does .*: start a server there/,
  );
});

describe('Ctrl-C in the middle of writing', () => {
  const backfill = [
    ...['backfill', '--program', 'treasure-host', '--from', '2024-07-01', '--to', '2024-08-10'],
    ...['--reason', 'a test', '--format', 'ndjson'],
  ];

  /** A table with facts of a small world, and a run away from the ledger of it. */
  async function prepare(table: string) {
    const { services, close } = await openEndpoint(endpoint, table);
    const world = generateWorld({ seed: 3, merchants: 12, from: '2024-07-01', to: '2024-08-10' });
    const lines = world.map(({ fact }) => JSON.stringify(fact));
    await ingest(services, lines, businessDate(Date.now(), FACTS_ZONE));
    const ledger = async () =>
      (await readEntries(services.table)).map(({ runId: _runId, recordedAt: _at, ...entry }) => entry);
    return { ledger, close };
  }

  it('once ends the run between two steps, and running again finishes it', async () => {
    const clean = await prepare('clean');
    const cut = await prepare('cut');
    try {
      expect((await place.hongbao([...backfill, '--endpoint', endpoint, '--table', 'clean'])).code).toBe(0);
      const whole = await clean.ledger();

      using proxy = await proxyTo(endpoint);
      const args = [...backfill, '--endpoint', proxy.url, '--table', 'cut'];
      const interrupted = await place.hongbao(args, {
        onStart: (child) => proxy.onceWriting(() => child.kill('SIGINT')),
      });
      expect(interrupted.code).toBe(1);
      expect(interrupted.stderr).toMatch(
        /interrupted: the next run finishes what this one had begun to write/,
      );
      const partial = await cut.ledger();
      expect(partial.length).toBeGreaterThan(0);
      expect(partial.length).toBeLessThan(whole.length);

      const again = await place.hongbao(args);
      expect(again.code).toBe(0);
      expect(again.stderr).toMatch(
        /finished run treasure-host\.backfill\.2024-08-10\.\w+ first, which had died/,
      );
      expect(JSON.parse(again.stdout)).toMatchObject({ entries: 0 });
      expect(await cut.ledger()).toEqual(whole);
    } finally {
      await Promise.all([clean.close(), cut.close()]);
    }
  });

  it('twice ends it at once, and others are told who holds the program', async () => {
    const held = await prepare('held');
    try {
      using proxy = await proxyTo(endpoint);
      const args = [...backfill, '--endpoint', proxy.url, '--table', 'held'];
      const killed = await place.hongbao(args, {
        onStart: (child) =>
          proxy.onceWriting(() => {
            child.kill('SIGINT');
            setTimeout(() => child.kill('SIGINT'), 20);
          }),
      });
      expect(killed.code).toBe(130);
      const next = await place.hongbao(args);
      expect(next.code).toBe(1);
      expect(next.stderr).toMatch(
        /treasure-host is held by run treasure-host\.backfill\.2024-08-10\.\w+ until /,
      );
    } finally {
      await held.close();
    }
  });
});

interface Proxy extends Disposable {
  url: string;
  /** Tells when the first entry of the ledger is about to be written; that write then takes a moment. */
  onceWriting(told: () => void): void;
}

const A_MOMENT = 150;

/** A server before the server: it sees what passes. */
async function proxyTo(target: string): Promise<Proxy> {
  let told: (() => void) | undefined;
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.headers['x-amz-target']?.toString().endsWith('.PutItem') && body.includes('GRANT#')) {
      told?.();
      told = undefined;
      await new Promise((resolve) => setTimeout(resolve, A_MOMENT));
    }
    const { host: _host, ...headers } = request.headers;
    const answer = await fetch(target, { method: 'POST', headers: headers as Record<string, string>, body });
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onceWriting: (tell) => {
      told = tell;
    },
    [Symbol.dispose]: () => void server.close(),
  };
}
