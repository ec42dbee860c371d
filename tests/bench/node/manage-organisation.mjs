import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, standingOnly } from './kit.mjs';

const settings = config('USAGE_TABLE', 'DEFAULT_MAX_ASSETS', 'DEFAULT_MAX_BYTES', 'DEFAULT_MAX_MINUTES', 'DEFAULT_MAX_UPLOADS', 'DEFAULT_MAX_FILM_BYTES', 'DEFAULT_MAX_FILM_MINUTES', 'DEFAULT_MAX_FILM_LONG_SIDE', 'DEFAULT_MAX_FILM_SHORT_SIDE', 'USERS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'LIMITS_TABLE', 'MAIL_QUEUE_URL', 'TOKEN_JWKS', 'TOKEN_ISSUER');

export const handler = standingOnly(settings, { BatchGetItemCommand, DynamoDBClient });
