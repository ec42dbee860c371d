// What the functions of a view look at, all the same way.
import { createDecipheriv } from 'node:crypto';
import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { now, octetsOf, personKeys, role } from './kit.mjs';

export const wanted = (...Keys) => ({ Keys, ConsistentRead: true });
export const at = (pk) => ({ pk: { S: pk } });

/** A batch of consistent reads: what was found, by table. */
export async function batch(dynamodb, RequestItems) {
  const { Responses } = await dynamodb.send(new BatchGetItemCommand({ RequestItems }));
  return (table) => Responses[table] ?? [];
}

/** Where to read how a person stands. */
export function standingOf(settings, { user, org, session }) {
  return {
    [settings.MEMBERS_TABLE]: wanted(...personKeys(user, org)),
    [settings.SESSIONS_TABLE]: wanted(at(session)),
  };
}

/** In which role they may act; none if they may not. */
export function standing(settings, found) {
  const [login] = found(settings.SESSIONS_TABLE);
  if (!login || login.revoked.BOOL || Number(login.ends_at.N) <= now()) return undefined;
  return role(found(settings.MEMBERS_TABLE), { openedAt: Number(login.opened_at.N), secondFactor: login.second_factor.BOOL });
}

/** The view of a ticket, if it is open, its viewer stands and its film can be watched; else the status of a refusal. */
export function openView(settings, found, ticket) {
  const [view] = found(settings.PLAYBACK_TABLE);
  const [film] = found(settings.ASSETS_TABLE);
  const live = view && !view.revoked.BOOL && Number(view.ends_at.N) > now() && view.asset.S === ticket.asset;
  if (!live || !standing(settings, found)) return { status: 401 };
  if (!film) return { status: 404 };
  if (film.state.S !== 'ready') return { status: 403 };
  return Number(view.opened_at.N) < Number(film.views_from?.N ?? 0) ? { status: 401 } : { view };
}

/** A content key, by AES-256-GCM under the master key. */
export function unwrapped(wrap, { pk, sk, package: of, master, nonce, sealed }) {
  const cipher = createDecipheriv('aes-256-gcm', wrap[master.S], nonce.B);
  cipher.setAAD(Buffer.concat([...[pk.S, sk.S, of.S].map(octetsOf), Buffer.from(master.S)]));
  cipher.setAuthTag(sealed.B.subarray(16));
  return Buffer.concat([cipher.update(sealed.B.subarray(0, 16)), cipher.final()]);
}
