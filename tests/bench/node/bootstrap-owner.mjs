import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config } from './kit.mjs';

config('USERS_TABLE', 'MEMBERS_TABLE');
export const dynamodb = new DynamoDBClient({});

/** The bench sends what is refused: a new password's bcrypt would drown all else. */
export async function handler({ organisation, email }) {
  if (!organisation || !email) throw new Error('expected an organisation and an email');
  throw new Error('not measured');
}
