// A CloudFront Function (JavaScript runtime 2.0) at viewer requests for /p/*: checks the token in the path, takes it away,
// and hands the ticket that it brings to whoever answers for playlists and keys.
//
//   /p/<version>.<expiry>.<package>.<tag>.<ticket>/media/<asset>/<package>/<file>
//   /p/<version>.<expiry>.<package>.<tag>.<ticket>/keys/<asset>/<key>
//
// The tag is HMAC-SHA256 over <expiry>.<asset>.<package>.<ticket>, under the text that the key value store has for the
// version. shared/crypto/src/path_token.rs makes it; infra/edge.yaml holds this file word for word.
import cf from 'cloudfront';
import crypto from 'crypto';

// One way to write each path: no dot segments, no empty ones, nothing encoded, nothing that a server behind could read
// in another way.
const PATH = new RegExp(
  '^/p/([A-Za-z0-9_-]{1,64})[.]([1-9][0-9]{0,11})[.](pkg_[a-z2-7]{26})[.]([A-Za-z0-9_-]{43})[.]' +
    '([A-Za-z0-9_-]{1,64}[.][A-Za-z0-9_-]{1,512})/(media|keys)/(ast_[a-z2-7]{26})/([a-z0-9_/.-]{1,160})$'
);
const FILE = /^(?:[a-z0-9-]+[/])?[a-z0-9-]+[.](m3u8|ts|vtt|m4s|mp4)$/;
const KEY = /^key_[a-z2-7]{26}$/;

function refusal(why) {
  return {
    statusCode: 401,
    statusDescription: 'Unauthorized',
    headers: {
      'cache-control': { value: 'no-store' },
      'content-type': { value: 'application/problem+json' },
    },
    body: {
      encoding: 'text',
      data: JSON.stringify({
        type: 'urn:reelvault:problem:invalid_token',
        title: 'The credential is not valid',
        status: 401,
        code: 'invalid_token',
        detail: 'the token in the path is not valid: ' + why,
      }),
    },
  };
}

// Takes as long for any two texts of one length.
function same(one, other) {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}

async function secretOf(version) {
  try {
    return await cf.kvs().get(version);
  } catch (_) {
    // The store has no such version.
    return '';
  }
}

async function handler(event) {
  const request = event.request;
  const parts = PATH.exec(request.uri);
  if (!parts) return refusal('it has not the form of one, or the path is none of its');
  const expiry = parts[2];
  const pkg = parts[3];
  const ticket = parts[5];
  const folder = parts[6];
  const asset = parts[7];
  const rest = parts[8];
  const file = folder === 'media' && rest.startsWith(pkg + '/') ? rest.slice(pkg.length + 1) : '';
  const kind = FILE.exec(file);
  if (folder === 'keys' ? !KEY.test(rest) : !kind) return refusal('it is for another package, or for no such file');
  const secret = await secretOf(parts[1]);
  if (secret.length < 32) return refusal('it is forged');
  const claims = [expiry, asset, pkg, ticket].join('.');
  const made = crypto.createHmac('sha256', secret).update(claims).digest('base64url');
  if (!same(made, parts[4])) return refusal('it is forged');
  if (Date.now() >= Number(expiry) * 1000) return refusal('it is expired');
  request.uri = '/' + folder + '/' + asset + '/' + rest;
  // What the viewer sent beside the path counts for nothing.
  request.cookies = {};
  request.querystring = folder === 'keys' || kind[1] === 'm3u8' ? { token: { value: ticket } } : {};
  return request;
}
