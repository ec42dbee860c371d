import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { config, standingOnly } from './kit.mjs';

const settings = config('USERS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'CLIENTS_TABLE', 'AUDIT_TABLE', 'TOKEN_JWKS', 'TOKEN_ISSUER');

export const handler = standingOnly(settings, { BatchGetItemCommand, DynamoDBClient });
