// What the handlers share: configuration, versioned secrets, tickets, access tokens, replies.
import { createHmac, createPrivateKey, createPublicKey, hkdfSync, timingSafeEqual, verify } from 'node:crypto';

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
  const { current, ...versions } = JSON.parse(SecretString);
  if (!versions[current]) throw new Error('the secret has no current version');
  return { current, versions };
}

export function derive({ versions }, purpose) {
  const key = (text) => Buffer.from(hkdfSync('sha256', text, 'reelvault', purpose, 32));
  return Object.fromEntries(Object.entries(versions).map(([version, text]) => [version, key(text)]));
}

export function signingKey({ current, versions }) {
  return createPrivateKey({ key: Buffer.from(versions[current], 'base64'), format: 'der', type: 'pkcs8' });
}

/** The claims of a genuine, live ticket: playback id, asset id, expiry. */
export function openTicket(keys, text) {
  const [version, body] = (text ?? '').split('.');
  const sealed = Buffer.from(body ?? '', 'base64url');
  if (!keys[version] || sealed.length !== 72) return undefined;
  const claims = sealed.subarray(0, 40);
  if (!timingSafeEqual(createHmac('sha256', keys[version]).update(claims).digest(), sealed.subarray(40))) return undefined;
  const ticket = { playback: id('plb_', claims.subarray(0, 16)), asset: id('ast_', claims.subarray(16, 32)) };
  return claims.readBigUInt64BE(32) > BigInt(Math.floor(Date.now() / 1000)) ? ticket : undefined;
}

/** An id: a prefix and 128 bits in base 32 (RFC 4648, lower case). */
function id(prefix, octets) {
  let [bits, pending, text] = [0, 0, ''];
  for (const octet of octets) {
    pending = (pending << 8) | octet;
    for (bits += 8; bits >= 5; bits -= 5) text += 'abcdefghijklmnopqrstuvwxyz234567'[(pending >> (bits - 5)) & 31];
    pending &= 0xff;
  }
  return prefix + text + 'abcdefghijklmnopqrstuvwxyz234567'[(pending << (5 - bits)) & 31];
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

/** RFC 9457. */
export function problem(status, code) {
  return reply(status, JSON.stringify({ type: 'about:blank', title: code, status, code }), 'application/problem+json');
}
