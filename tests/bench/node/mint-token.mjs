import { randomBytes } from 'node:crypto';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { accessToken, config, derive, id, lazy, now, octetsOf, open, personKeys, problem, reply, ring, role, seal, sha256, signingKey, u64, verifier } from './kit.mjs';

const settings = config('MEMBERS_TABLE', 'SESSIONS_TABLE', 'GRANTS_TABLE', 'ASSETS_TABLE', 'TOKEN_SIGNING_SECRET', 'SESSION_MAC_SECRET', 'TOKEN_ISSUER', 'TOKEN_JWKS');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
export const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
const deps = lazy(async () => {
  const signing = await ring(secrets, GetSecretValueCommand, settings.TOKEN_SIGNING_SECRET);
  const mac = await ring(secrets, GetSecretValueCommand, settings.SESSION_MAC_SECRET);
  return { signing: { key: signingKey(signing), kid: signing.current }, current: mac.current, keys: derive(mac, 'refresh token') };
});
/** Seconds that a session lives without a refresh. */
const IDLE = 7 * 24 * 3600;

/** The bench asks for the public keys, or refreshes by the active token. */
export async function handler(event) {
  const { signing, current, keys } = await deps();
  if (event.requestContext.http.method === 'GET') return reply(200, settings.TOKEN_JWKS, 'application/jwk-set+json');
  const form = new URLSearchParams(event.body);
  if (form.get('grant_type') !== 'refresh_token') return problem(501, 'not_measured');
  const presented = form.get('refresh_token');
  const claims = open(keys, 'rvr_', 40, presented);
  if (!claims) return problem(400, 'invalid_grant');
  const session = id('ses_', claims.subarray(0, 16));
  const Key = { pk: { S: session } };
  const at = now();

  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: settings.SESSIONS_TABLE, Key, ConsistentRead: true }));
  if (!Item) return problem(400, 'invalid_grant');
  const [user, org] = [Item.user.S, Item.org.S];
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: { [settings.MEMBERS_TABLE]: { Keys: personKeys(user, org), ConsistentRead: true } },
  }));
  const inRole = role(Responses[settings.MEMBERS_TABLE], { openedAt: Number(Item.opened_at.N), secondFactor: Item.second_factor.BOOL });
  const live = !Item.revoked.BOOL && at < Number(Item.rotated_at.N) + IDLE && at < Number(Item.ends_at.N);
  if (!inRole || !live) return problem(400, 'invalid_grant');

  const [nonce, generation] = [randomBytes(16), BigInt(Item.generation.N) + 1n];
  const next = seal(keys, current, 'rvr_', octetsOf(session), u64(generation), nonce);
  // What does not meet the condition was measured nowhere, and throws.
  await dynamodb.send(new UpdateItemCommand({
    TableName: settings.SESSIONS_TABLE,
    Key,
    UpdateExpression: 'SET #active = :next, #parent = :parent, #generation = :generation, #nonce = :nonce, rotated_at = :rotated_at',
    ConditionExpression: '#active = :presented AND revoked = :no AND ends_at > :now',
    ExpressionAttributeNames: { '#active': 'active', '#parent': 'parent', '#generation': 'generation', '#nonce': 'nonce' },
    ExpressionAttributeValues: {
      ':next': { S: sha256(next).toString('hex') }, ':presented': { S: sha256(presented).toString('hex') },
      ':parent': { S: Item.active.S }, ':rotated_at': { N: `${at}` }, ':generation': { N: `${generation}` },
      ':nonce': { B: nonce }, ':now': { N: `${at}` }, ':no': { BOOL: false },
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }));
  return reply(200, JSON.stringify({
    access_token: accessToken(signing, settings.TOKEN_ISSUER, { user, session, org, role: inRole }),
    token_type: 'Bearer',
    expires_in: 600,
    refresh_token: next,
  }));
}
