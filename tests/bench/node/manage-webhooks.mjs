import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, standingOnly } from './kit.mjs';

const settings = config(
  'MEMBERS_TABLE', 'SESSIONS_TABLE', 'CLIENTS_TABLE', 'WEBHOOKS_TABLE', 'WEBHOOK_MAC_SECRET', 'WEBHOOK_QUEUE_URL', 'TOKEN_JWKS', 'TOKEN_ISSUER',
);

export const handler = standingOnly(settings, { BatchGetItemCommand, DynamoDBClient });
