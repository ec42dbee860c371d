import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config } from './kit.mjs';

config('KEYS_TABLE', 'MASTER_KEY_SECRET', 'PLAYBACK_MAC_SECRET', 'SESSION_MAC_SECRET', 'LINK_MAC_SECRET', 'SHARE_MAC_SECRET', 'WEBHOOK_MAC_SECRET', 'FACTOR_SECRET');
export const secrets = new SecretsManagerClient({});

/** The bench sends what is refused. */
export async function handler({ Step: step }) {
  if (!step) throw new Error('expected a step');
  throw new Error('not measured');
}
