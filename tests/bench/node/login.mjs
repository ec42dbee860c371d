import { randomBytes } from 'node:crypto';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import bcrypt from 'bcrypt';
import { accessToken, config, derive, id, lazy, now, octetsOf, personKeys, problem, reply, ring, role, seal, sha256, signingKey, u64 } from './kit.mjs';

const settings = config('USERS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'LIMITS_TABLE', 'CHALLENGE_VERIFY_URL', 'CHALLENGE_SECRET', 'TOKEN_SIGNING_SECRET', 'SESSION_MAC_SECRET', 'TOKEN_ISSUER');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => {
  const signing = await ring(secrets, GetSecretValueCommand, settings.TOKEN_SIGNING_SECRET);
  const mac = await ring(secrets, GetSecretValueCommand, settings.SESSION_MAC_SECRET);
  const [refresh, device] = [derive(mac, 'refresh token'), derive(mac, 'known device')];
  return { signing: { key: signingKey(signing), kid: signing.current }, current: mac.current, refresh, device };
});
/** What an unknown address is checked against. */
const NOBODY = '$2b$12$WApznUPhDubN0oeveSXHp.Rk9rqZ5MYLTqTMLhwk2CoTXwLrOx9XK';
const WINDOW = 900;
const MONTH = 30 * 24 * 3600;

async function get(TableName, Key) {
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item;
}

/** Takes an attempt from a budget, or throws that its condition is not met. */
async function take(bucket, limit, end) {
  await dynamodb.send(new UpdateItemCommand({
    TableName: settings.LIMITS_TABLE,
    Key: { pk: { S: bucket } },
    UpdateExpression: 'SET #ttl = if_not_exists(#ttl, :ttl) ADD attempts :one',
    ConditionExpression: 'attribute_not_exists(attempts) OR attempts < :limit',
    ExpressionAttributeNames: { '#ttl': 'expires_at' },
    ExpressionAttributeValues: { ':ttl': { N: `${end}` }, ':one': { N: '1' }, ':limit': { N: `${limit}` } },
  }));
  return bucket;
}

async function giveBack(bucket) {
  await dynamodb.send(new UpdateItemCommand({
    TableName: settings.LIMITS_TABLE,
    Key: { pk: { S: bucket } },
    UpdateExpression: 'SET attempts = attempts - :one',
    ConditionExpression: 'attempts > :none',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':none': { N: '0' } },
  }));
}

/** The bench signs in from an IPv4 address, by a device that is not known, and to no organisation by name. */
export async function handler(event) {
  const { signing, current, refresh, device } = await deps();
  const { email, password } = JSON.parse(event.body ?? '{}');
  if (!email || !password) return problem(400, 'malformed');
  const address = event.requestContext.http.sourceIp;
  const at = now();
  const window = Math.floor(at / WINDOW);
  const [end, account] = [(window + 1) * WINDOW, sha256(email)];
  const bucket = (kind, whose) => `login#${kind}#${whose}#${window}`;
  const nearby = address.replace(/\.\d+$/, '.0/24');
  const taken = [await take(bucket('network', `${address}/32`), 100, end)];
  taken.push(await take(bucket('network', nearby), 800, end));
  taken.push(await take(bucket('account', account.toString('hex')), 10, end));

  const pointer = await get(settings.USERS_TABLE, { pk: { S: `email#${email}` } });
  const userId = pointer?.user_id.S ?? `usr_${'a'.repeat(26)}`;
  const user = await get(settings.USERS_TABLE, { pk: { S: `user#${userId}` } });
  const standing = await get(settings.MEMBERS_TABLE, { pk: { S: userId }, sk: { S: 'account' } });
  const org = standing?.orgs.L[0]?.S;
  taken.push(await take(bucket('organisation', org ?? 'nobody'), 1_000, end));
  const right = await bcrypt.compare(password, user?.hash.S ?? NOBODY);
  if (!right || !user?.verified.BOOL || !standing?.active.BOOL || !org) return problem(401, 'bad_credentials');
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: { [settings.MEMBERS_TABLE]: { Keys: personKeys(userId, org), ConsistentRead: true } },
  }));
  const inRole = role(Responses[settings.MEMBERS_TABLE], { openedAt: at, secondFactor: true });
  if (!inRole) return problem(401, 'bad_credentials');

  if (await get(settings.USERS_TABLE, { pk: { S: `factors#${userId}` } })) return problem(501, 'not_measured');

  const [nonce, session] = [randomBytes(16), id('ses_', randomBytes(16))];
  const refreshToken = seal(refresh, current, 'rvr_', octetsOf(session), u64(1), nonce);
  const time = { N: `${at}` };
  await dynamodb.send(new PutItemCommand({
    TableName: settings.SESSIONS_TABLE,
    Item: {
      pk: { S: session }, user: { S: userId }, org: { S: org }, generation: { N: '1' }, nonce: { B: nonce },
      active: { S: sha256(refreshToken).toString('hex') }, opened_at: time, authenticated_at: time, rotated_at: time,
      device: { S: event.headers['user-agent'] ?? '' }, address: { S: address }, second_factor: { BOOL: false },
      ends_at: { N: `${at + MONTH}` }, revoked: { BOOL: false }, expires_at: { N: `${at + MONTH + 3 * 86_400}` },
    },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }));
  await Promise.allSettled(taken.map(giveBack));
  return reply(200, JSON.stringify({
    access_token: accessToken(signing, settings.TOKEN_ISSUER, { user: userId, session, org, role: inRole }),
    token_type: 'Bearer',
    expires_in: 600,
    refresh_token: refreshToken,
    device_token: seal(device, current, 'rvd_', account, randomBytes(16), u64(at)),
    session_id: session,
    organisation_id: org,
  }));
}
