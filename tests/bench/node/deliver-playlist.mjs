import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { config, derive, lazy, openTicket, problem, reply, ring } from './kit.mjs';
import { at, batch, openView, standingOf, wanted } from './views.mjs';

const settings = config('PLAYBACK_TABLE', 'ASSETS_TABLE', 'MEMBERS_TABLE', 'SESSIONS_TABLE', 'MEDIA_BUCKET', 'PLAYBACK_MAC_SECRET', 'MEDIA_BASE_URL');
const secrets = new SecretsManagerClient({});
const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({ forcePathStyle: true });
const deps = lazy(async () => derive(await ring(secrets, GetSecretValueCommand, settings.PLAYBACK_MAC_SECRET), 'playback ticket'));

/** The media playlist of the pictures and the first sound. */
export async function handler(event) {
  const { token, playlist } = event.pathParameters;
  const ticket = openTicket(await deps(), token);
  if (!ticket) return problem(401, 'invalid_token');
  const found = await batch(dynamodb, {
    [settings.PLAYBACK_TABLE]: wanted(at(ticket.playback)),
    [settings.ASSETS_TABLE]: wanted(at(ticket.asset)),
    ...standingOf(settings, ticket),
  });
  const { status, view } = openView(settings, found, ticket);
  if (status) return problem(status, 'refused');
  if (playlist !== 'video.m3u8') return problem(501, 'not_measured');
  const Key = `manifests/${ticket.asset}/${view.package.S}.json`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: settings.MEDIA_BUCKET, Key }));
  const manifest = JSON.parse(await Body.transformToString());
  return reply(200, listing(manifest, view, token), 'application/vnd.apple.mpegurl');
}

/** RFC 8216, section 4.3.3. */
function listing({ presentation: { segments }, keys }, view, token) {
  const asset = view.asset.S;
  const query = `Policy=${view.policy.S}&Signature=${view.signature.S}&Key-Pair-Id=${view.key_pair_id.S}&Hash-Algorithm=SHA256`;
  const folder = `${settings.MEDIA_BASE_URL}/media/${asset}/${view.package.S}`;
  const target = Math.max(1, ...segments.map(({ ticks }) => Math.floor((ticks + 45_000) / 90_000)));
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${target}`, '#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-PLAYLIST-TYPE:VOD'];
  segments.forEach(({ ticks, period, iv }, number) => {
    const key = keys[period];
    if (key) lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="../../keys/${asset}/${key}?token=${token}",IV=0x${Buffer.from(iv).toString('hex')}`);
    const micros = Math.floor((ticks * 1_000_000 + 45_000) / 90_000);
    lines.push(`#EXTINF:${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')},`);
    lines.push(`${folder}/${String(number).padStart(5, '0')}.ts?${query}`);
  });
  return `${lines.join('\n')}\n#EXT-X-ENDLIST\n`;
}
