import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, problem, reply, ring, signingKey, verifier } from './kit.mjs';

const settings = config('USERS_TABLE', 'SESSIONS_TABLE', 'GRANTS_TABLE', 'ASSETS_TABLE', 'TOKEN_SIGNING_SECRET', 'SESSION_MAC_SECRET', 'TOKEN_ISSUER', 'TOKEN_JWKS');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
const deps = lazy(async () => ({
  signing: signingKey(await ring(secrets, GetSecretValueCommand, settings.TOKEN_SIGNING_SECRET)),
  refresh: derive(await ring(secrets, GetSecretValueCommand, settings.SESSION_MAC_SECRET), 'refresh token'),
  dynamodb,
  verify,
}));

export async function handler(event) {
  await deps();
  if (event.requestContext.http.method !== 'GET') return problem(501, 'not_measured');
  return reply(200, settings.TOKEN_JWKS, 'application/jwk-set+json');
}
