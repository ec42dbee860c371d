import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, standingOnly } from './kit.mjs';

const settings = config('USERS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'LIMITS_TABLE', 'LINKS_TABLE', 'FACTOR_SECRET', 'SESSION_MAC_SECRET', 'MAIL_QUEUE_URL', 'TOKEN_JWKS', 'TOKEN_ISSUER');

export const handler = standingOnly(settings, { BatchGetItemCommand, DynamoDBClient });
