import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, ring } from './kit.mjs';

const settings = config('USAGE_TABLE', 'DEFAULT_MAX_ASSETS', 'DEFAULT_MAX_BYTES', 'DEFAULT_MAX_MINUTES', 'DEFAULT_MAX_UPLOADS', 'DEFAULT_MAX_FILM_BYTES', 'DEFAULT_MAX_FILM_MINUTES', 'DEFAULT_MAX_FILM_LONG_SIDE', 'DEFAULT_MAX_FILM_SHORT_SIDE', 'ASSETS_TABLE', 'KEYS_TABLE', 'UPLOADS_BUCKET', 'MEDIA_BUCKET', 'MASTER_KEY_SECRET', 'SEGMENT_MS', 'SEGMENTS_PER_KEY', 'MAX_RECEIVE_COUNT');
const secrets = new SecretsManagerClient({});
const [dynamodb, s3] = [new DynamoDBClient({}), new S3Client({})];
const deps = lazy(async () => ({
  wrap: derive(await ring(secrets, GetSecretValueCommand, settings.MASTER_KEY_SECRET), 'content key wrapping'),
  dynamodb,
  s3,
}));

/** The bench sends a batch without messages. */
export async function handler(event) {
  await deps();
  return { batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
