import { createDecipheriv } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, octetsOf, octetsReply, openTicket, problem, ring } from './kit.mjs';
import { at, batch, openView, standingOf, unwrapped, wanted } from './views.mjs';

const settings = config('PLAYBACK_TABLE', 'KEYS_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'MEDIA_BUCKET', 'PLAYBACK_MAC_SECRET', 'MASTER_KEY_SECRET');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({});
const deps = lazy(async () => ({
  tickets: derive(await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET), 'playback ticket'),
  wrap: derive(await ring(secrets, GetSecretValueCommand, settings.MASTER_KEY_SECRET), 'content key wrapping'),
}));

/** A preview: one consistent read, then one object, by AES-128-GCM under its key. */
export async function handler(event) {
  const { tickets, wrap } = await deps();
  const { token, key_id: key, preview } = event.pathParameters;
  const ticket = openTicket(tickets, token);
  if (!ticket) return problem(401, 'invalid_token');
  const found = await batch(dynamodb, {
    [settings.PLAYBACK_TABLE]: wanted(at(ticket.playback)),
    [settings.KEYS_TABLE]: wanted({ ...at(ticket.asset), sk: { S: key } }),
    [settings.ASSETS_TABLE]: { ...wanted(at(ticket.asset)), ProjectionExpression: '#state, views_from', ExpressionAttributeNames: { '#state': 'state' } },
    ...standingOf(settings, ticket),
  });
  const { status, view } = openView(settings, found, ticket);
  if (status) return problem(status, 'refused');
  const [wrapped] = found(settings.KEYS_TABLE);
  if (!wrapped || wrapped.package.S === view.package.S) return problem(404, 'not_found');
  const run = wrapped.package.S;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: settings.MEDIA_BUCKET, Key: `media/${ticket.asset}/${run}/previews/${preview}` }));
  const sealed = Buffer.from(await Body.transformToByteArray());
  const cipher = createDecipheriv('aes-128-gcm', unwrapped(wrap, wrapped), sealed.subarray(0, 12));
  cipher.setAAD(Buffer.concat([Buffer.from('preview'), octetsOf(ticket.asset), octetsOf(run), Buffer.from(preview)]));
  cipher.setAuthTag(sealed.subarray(-16));
  return octetsReply(Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]));
}
