import { randomBytes, sign } from 'node:crypto';
import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, id, lazy, now, octetsOf, problem, reply, ring, seal, sha256, signingKey, u64 } from './kit.mjs';
import { at, batch, standing, standingOf, wanted } from './views.mjs';

const settings = config('GRANTS_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'PLAYBACK_TABLE', 'AUDIT_TABLE', 'PLAYBACK_MAC_SECRET', 'URL_SIGNING_SECRET', 'URL_SIGNING_KEY_PAIR_ID', 'URL_SIGNING_KEY_SLOT', 'MEDIA_BASE_URL', 'PLAYBACK_SESSION_SECONDS');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => {
  const mac = await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET);
  const signer = signingKey(await ring(secrets, GetSecretValueCommand, settings.URL_SIGNING_SECRET));
  return { current: mac.current, tickets: derive(mac, 'playback ticket'), signer };
});

/** Opens a view by a media token of a person, in the mode `urls`: two consistent reads, a transaction with its record. */
export async function handler(event) {
  const { current, tickets, signer } = await deps();
  const [, token] = (event.headers.authorization ?? '').split(' ');
  if (!/^rvm_[\w-]{43}$/.test(token)) return problem(401, 'invalid_token');
  const [digest, asset, time] = [sha256(token).toString('hex'), event.pathParameters.asset_id, now()];
  const known = await batch(dynamodb, { [settings.GRANTS_TABLE]: wanted(at(digest)), [settings.ASSETS_TABLE]: wanted(at(asset)) });
  const [[grant], [film]] = [known(settings.GRANTS_TABLE), known(settings.ASSETS_TABLE)];
  if (!grant || grant.revoked.BOOL || Number(grant.ends_at.N) <= time) return problem(401, 'invalid_token');
  if (grant.asset.S !== asset || grant.action.S !== 'play') return problem(403, 'forbidden');
  const [user, session] = grant.subject.S.split('/');
  const org = grant.org.S;
  const found = await batch(dynamodb, standingOf(settings, { user, org, session }));
  const role = standing(settings, found);
  if (!role) return problem(403, 'forbidden');
  if (film?.org.S !== org) return problem(404, 'not_found');
  // The policies are not measured: what everyone in the organisation sees, everyone plays.
  if (film.visibility?.S === 'restricted') return problem(501, 'not_measured');
  if (film.state.S !== 'ready') return problem(403, 'wrong_state');

  const playback = id('plb_', randomBytes(16));
  const ends = time + Number(settings.PLAYBACK_SESSION_SECONDS);
  const view = { playback, asset, package: film.package.S, grant: digest, subject: grant.subject.S, org, time, ends };
  try {
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: writes(event, view, signed(signer, view)) }));
  } catch (error) {
    if (error.name === 'TransactionCanceledException') return problem(403, 'no_views_left');
    throw error;
  }
  const claims = [...[playback, asset, org].map(octetsOf), Buffer.from([1]), ...[user, session].map(octetsOf), u64(ends)];
  const ticket = seal(tickets, current, '', ...claims);
  const playlist_url = `https://${event.requestContext.domainName}/v1/playback/${ticket}/master.m3u8`;
  return reply(201, JSON.stringify({ playback_id: playback, asset_id: asset, mode: 'urls', playlist_url, expires_at: ends }));
}

/** A custom policy of CloudFront and its signature, ECDSA P-256 with SHA-256, made as `@aws-sdk/cloudfront-signer` makes it. */
function signed(key, { asset, package: of, ends }) {
  const resource = `${settings.MEDIA_BASE_URL}/media/${asset}/${of}/*`;
  const policy = Buffer.from(`{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${ends}}}}]}`);
  const safe = (octets) => octets.toString('base64').replace(/[+=/]/g, (c) => ({ '+': '-', '=': '_', '/': '~' })[c]);
  return { policy: safe(policy), signature: safe(sign('sha256', policy, key)) };
}

function writes(event, { playback, asset, package: of, grant, subject, org, time, ends }, { policy, signature }) {
  const texts = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { S: value }]));
  const whole = (value) => ({ N: `${value}` });
  const record = id('rec_', randomBytes(16));
  return [
    { Put: {
      TableName: settings.PLAYBACK_TABLE,
      ConditionExpression: 'attribute_not_exists(pk)',
      Item: {
        ...texts({ pk: playback, asset, package: of, grant, subject, org, policy, signature, key_pair_id: settings.URL_SIGNING_KEY_PAIR_ID }),
        opened_at: whole(time), ends_at: whole(ends), expires_at: whole(ends + 86_400), revoked: { BOOL: false },
      },
    } },
    { Update: {
      TableName: settings.GRANTS_TABLE,
      Key: at(grant),
      UpdateExpression: 'SET #views = #views + :one',
      ConditionExpression: 'asset = :asset AND revoked = :no AND ends_at > :now AND #views < max_views',
      ExpressionAttributeNames: { '#views': 'views' },
      ExpressionAttributeValues: { ':one': whole(1), ':asset': { S: asset }, ':no': { BOOL: false }, ':now': whole(time) },
    } },
    { Put: {
      TableName: settings.AUDIT_TABLE,
      ConditionExpression: 'attribute_not_exists(pk)',
      Item: {
        ...texts({
          pk: org, sk: `${String(time).padStart(12, '0')}#${record}`, id: record, event: 'view.opened', author: subject, target: asset, asset,
          device: event.headers['user-agent'] ?? '', request: event.requestContext.requestId ?? '', pending: `${octetsOf(org)[15] % 8}`,
        }),
        at: whole(time), allowed: { BOOL: true }, policies: { L: [{ S: 'member-sees' }] },
        details: { M: texts({ view: playback, token: grant.slice(0, 12) }) },
      },
    } },
  ];
}
