import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config } from './kit.mjs';

config('USAGE_TABLE', 'MEMBERS_TABLE', 'AUDIT_TABLE');
export const dynamodb = new DynamoDBClient({});

/** The bench sends what is refused. */
export async function handler({ organisation_id: organisation }) {
  if (!organisation) throw new Error('expected an organisation');
  throw new Error('not measured');
}
