import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, octetsReply, openTicket, problem, ring } from './kit.mjs';
import { at, batch, openView, standingOf, unwrapped, wanted } from './views.mjs';

const settings = config('PLAYBACK_TABLE', 'KEYS_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'PLAYBACK_MAC_SECRET', 'MASTER_KEY_SECRET');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => ({
  tickets: derive(await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET), 'playback ticket'),
  wrap: derive(await ring(secrets, GetSecretValueCommand, settings.MASTER_KEY_SECRET), 'content key wrapping'),
}));

/** The content key of one period: one consistent read, then AES-256-GCM under the master key. */
export async function handler(event) {
  const { tickets, wrap } = await deps();
  const ticket = openTicket(tickets, event.queryStringParameters?.token);
  const { asset_id: asset, key_id: key } = event.pathParameters;
  if (!ticket) return problem(401, 'invalid_token');
  if (ticket.asset !== asset) return problem(403, 'forbidden');
  const found = await batch(dynamodb, {
    [settings.PLAYBACK_TABLE]: wanted(at(ticket.playback)),
    [settings.KEYS_TABLE]: wanted({ ...at(asset), sk: { S: key } }),
    [settings.ASSETS_TABLE]: { ...wanted(at(asset)), ProjectionExpression: '#state, views_from', ExpressionAttributeNames: { '#state': 'state' } },
    ...standingOf(settings, ticket),
  });
  const { status, view } = openView(settings, found, ticket);
  if (status) return problem(status, 'refused');
  const [wrapped] = found(settings.KEYS_TABLE);
  if (wrapped?.package.S !== view.package.S) return problem(404, 'not_found');
  console.log(JSON.stringify({ level: 'INFO', message: 'key delivered', playback: ticket.playback, asset, key }));
  return octetsReply(unwrapped(wrap, wrapped));
}
