/** SDK clients, made one way everywhere: bounded time, standard retries, integers in and out. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** A document client. Writes are conditional or idempotent, so a retry of any of them is safe. */
export function documentClient(config: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 5, ...config }), {
    // A record with a field called `constructor`, as a pool or a version may be, is a record all the same (law 15).
    marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
  });
}
