// What the handlers share: configuration, versioned secrets, tickets, tokens, standing, replies.
import { createHash, createHmac, createPrivateKey, createPublicKey, hkdfSync, randomBytes, sign, timingSafeEqual, verify } from 'node:crypto';

/** Variables of the environment that must be there; all that are missing are named at once. */
export function config(...names) {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** Makes a value at its first use; a failure is not kept. */
export function lazy(make) {
  let made;
  return () => (made ??= make().catch((error) => { made = undefined; throw error; }));
}

/** A versioned secret: its current version and 32 octets of each version for one purpose. */
export async function ring(client, GetSecretValueCommand, id) {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
  const { current, rotation: _, ...versions } = JSON.parse(SecretString);
  if (!versions[current]) throw new Error('the secret has no current version');
  return { current, versions };
}

export function derive({ versions }, purpose) {
  const key = (text) => Buffer.from(hkdfSync('sha256', text, 'reelvault', purpose, 32));
  return Object.fromEntries(Object.entries(versions).map(([version, text]) => [version, key(text)]));
}

/** The current key of a secret of keys. */
export function signingKey({ current, versions }) {
  return createPrivateKey({ key: Buffer.from(versions[current], 'base64'), format: 'der', type: 'pkcs8' });
}

export const now = () => Math.floor(Date.now() / 1000);
export const sha256 = (text) => createHash('sha256').update(text).digest();

/** Claims and an HMAC over them: `<prefix><version>.<base64url>`. */
export function seal(keys, current, prefix, ...claims) {
  const sealed = Buffer.concat(claims);
  const tag = createHmac('sha256', keys[current]).update(sealed).digest();
  return `${prefix}${current}.${Buffer.concat([sealed, tag]).toString('base64url')}`;
}

/** The claims of a genuine token, or nothing. */
export function open(keys, prefix, length, text) {
  if (!text?.startsWith(prefix)) return undefined;
  const [version, body] = text.slice(prefix.length).split('.');
  const sealed = Buffer.from(body ?? '', 'base64url');
  if (!keys[version] || sealed.length !== length + 32) return undefined;
  const claims = sealed.subarray(0, length);
  const tag = createHmac('sha256', keys[version]).update(claims).digest();
  return timingSafeEqual(tag, sealed.subarray(length)) ? claims : undefined;
}

export function u64(value) {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(BigInt(value));
  return octets;
}

/** The claims of a genuine, live ticket of a person: playback, asset, organisation, user, session, expiry. */
export function openTicket(keys, text) {
  const claims = open(keys, '', 89, text);
  if (!claims || claims[48] !== 1 || claims.readBigUInt64BE(81) <= BigInt(now())) return undefined;
  const at = (prefix, start) => id(prefix, claims.subarray(start, start + 16));
  return { playback: at('plb_', 0), asset: at('ast_', 16), org: at('org_', 32), user: at('usr_', 49), session: at('ses_', 65) };
}

/** What a batch asks for to know where someone stands: account, membership, organisation. */
export function personKeys(user, org) {
  const key = (pk, sk) => ({ pk: { S: pk }, sk: { S: sk } });
  return [key(user, 'account'), key(org, user), key(org, 'org')];
}

/** Answers whoever asks with a token, by one look at where they stand; the bench's session is over. */
export function standingOnly(settings, { BatchGetItemCommand, DynamoDBClient }) {
  const verify = verifier(settings.TOKEN_JWKS, settings.TOKEN_ISSUER);
  const dynamodb = new DynamoDBClient({});
  return async (event) => {
    const claims = verify(event);
    if (!claims) return problem(401, 'invalid_token');
    const wanted = (...Keys) => ({ Keys, ConsistentRead: true });
    const RequestItems = {
      [settings.MEMBERS_TABLE]: wanted(...personKeys(claims.sub, claims.org)),
      [settings.SESSIONS_TABLE]: wanted({ pk: { S: claims.sid } }),
    };
    const { Responses } = await dynamodb.send(new BatchGetItemCommand({ RequestItems }));
    return Responses[settings.SESSIONS_TABLE]?.length ? problem(501, 'not_measured') : problem(401, 'invalid_token');
  };
}

/** The role in which a session of someone may act, by those records; none if it may not. */
export function role(records, { openedAt, secondFactor }) {
  const of = (test) => records.find(({ sk }) => test(sk.S));
  const [account, organisation] = [of((sk) => sk === 'account'), of((sk) => sk === 'org')];
  const place = of((sk) => sk.startsWith('usr_'));
  if (!account?.active.BOOL || !place?.active.BOOL || !organisation) return undefined;
  const ended = [account.sessions_from, place.sessions_from, place.since, organisation.sessions_from];
  const strong = secondFactor || !organisation.second_factor.BOOL;
  return strong && ended.every(({ N }) => Number(N) <= openedAt) ? place.role.S : undefined;
}

/** An ES256 access token of ten minutes (RFC 9068). */
export function accessToken({ key, kid }, iss, { user, session, org, role: inRole }) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = now();
  const claims = {
    iss, sub: user, aud: 'urn:reelvault:api', client_id: 'reelvault', iat, exp: iat + 600,
    jti: randomBytes(16).toString('base64url'), org, role: inRole, sid: session,
  };
  const signed = `${part({ typ: 'at+jwt', alg: 'ES256', kid })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** An id: a prefix and 128 bits in base 32 (RFC 4648, lower case). */
export function id(prefix, octets) {
  let [bits, pending, text] = [0, 0, ''];
  for (const octet of octets) {
    pending = (pending << 8) | octet;
    for (bits += 8; bits >= 5; bits -= 5) text += 'abcdefghijklmnopqrstuvwxyz234567'[(pending >> (bits - 5)) & 31];
    pending &= 0xff;
  }
  return prefix + text + 'abcdefghijklmnopqrstuvwxyz234567'[(pending << (5 - bits)) & 31];
}

/** The 128 bits of an id. */
export function octetsOf(text) {
  const octets = [];
  let [bits, pending] = [0, 0];
  for (const letter of text.slice(4)) {
    pending = ((pending << 5) | 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) octets.push((pending >> (bits -= 8)) & 0xff);
  }
  return Buffer.from(octets);
}

/** A verifier of ES256 access tokens (RFC 9068) by a JWKS. */
export function verifier(jwks, issuer) {
  const keys = new Map(JSON.parse(jwks).keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]));
  return (event) => {
    const [scheme, token] = (event.headers.authorization ?? '').split(' ');
    const [head, body, signature] = (scheme.toLowerCase() === 'bearer' ? token : '').split('.');
    const header = parse(head);
    const key = keys.get(header?.kid);
    if (!key || header.alg !== 'ES256' || header.typ !== 'at+jwt' || !signature) return undefined;
    const signed = Buffer.from(`${head}.${body}`);
    const form = { key, dsaEncoding: 'ieee-p1363' };
    if (!verify('sha256', signed, form, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = parse(body);
    const live = claims.exp > Date.now() / 1000;
    return live && claims.iss === issuer && claims.aud === 'urn:reelvault:api' ? claims : undefined;
  };
}

function parse(part) {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}

const SECURITY = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'no-store',
};

export function reply(statusCode, body, type = 'application/json') {
  console.log(JSON.stringify({ level: 'INFO', status: statusCode }));
  return { statusCode, headers: { ...SECURITY, 'content-type': type }, body };
}

export function octetsReply(octets) {
  return { ...reply(200, octets.toString('base64'), 'application/octet-stream'), isBase64Encoded: true };
}

/** RFC 9457. */
export function problem(status, code) {
  return reply(status, JSON.stringify({ type: 'about:blank', title: code, status, code }), 'application/problem+json');
}
