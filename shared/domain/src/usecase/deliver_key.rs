//! Hand out a content key: the gate through which every view passes again at every key period.

use std::net::IpAddr;
use std::sync::Arc;

use super::scribe::Scribe;
use crate::asset::AssetState;
use crate::audit::{Author, Event, Record, Source};
use crate::bounds::Visitor;
use crate::error::Refusal;
use crate::id::{AssetId, KeyId, PlaybackId};
use crate::member::Standing;
use crate::playback::{PlaybackSession, Ticket, WrappedKey};
use crate::ports::{
    Change, Clock, Entropy, KeyBundle, KeyReads, KeyWrap, Leases, Stored, Tickets, Trails,
};
use crate::secret::ContentKey;
use crate::spread::{Next, OnSpread, Sign, Watch};
use crate::time::Timestamp;

/// What a delivery needs.
pub struct Deps {
    /// The one read.
    pub reads: Arc<dyn KeyReads>,
    /// Places of streams, where they are counted.
    pub leases: Arc<dyn Leases>,
    /// Where the keys of views go.
    pub trails: Arc<dyn Trails>,
    /// Unwraps content keys.
    pub wrap: Arc<dyn KeyWrap>,
    /// Checks tickets.
    pub tickets: Arc<dyn Tickets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// A parsed request for a key.
pub struct Command {
    /// The ticket in the query, if any.
    pub ticket: Option<String>,
    /// The asset in the path.
    pub asset: AssetId,
    /// The key in the path.
    pub key: KeyId,
    /// From where.
    pub visitor: Visitor,
}

/// A key, and in which view it is handed out.
pub struct Delivered {
    /// The key.
    pub key: ContentKey,
    /// The view.
    pub playback: PlaybackId,
}

/// The session of a genuine ticket has ended, or is not there.
pub(super) const OVER: Refusal = Refusal::InvalidToken {
    what: "playback ticket",
    why: "its playback session is over or revoked",
};

/// The claims of a genuine, live ticket, checked without any I/O.
pub(super) fn genuine(
    tickets: &dyn Tickets,
    text: &str,
    now: Timestamp,
) -> Result<Ticket, Refusal> {
    let invalid = |why| Refusal::InvalidToken {
        what: "playback ticket",
        why,
    };
    let ticket = tickets.open(text).ok_or(invalid("it is forged"))?;
    if now >= ticket.expires_at {
        return Err(invalid("it is expired"));
    }
    Ok(ticket)
}

/// The session of a ticket, if it is open and its viewer may still watch: a viewer whose login session was ended,
/// whose password changed, who lost their place in the organisation or whose API key was revoked or expired gets
/// nothing more.
pub(super) fn still_open(
    session: Option<PlaybackSession>,
    standing: &Standing,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<PlaybackSession, Refusal> {
    let session = session.and_then(|s| s.as_of(ticket));
    let stands = standing.role(&ticket.subject, ticket.org, now).is_some();
    let session = session.filter(|_| stands).ok_or(OVER)?;
    if session.is_watched_elsewhere() {
        return Err(Refusal::WatchedElsewhere);
    }
    session.is_live(now).then_some(session).ok_or(OVER)
}

/// The view of a ticket, and the key that was asked for, if what was read lets the view have anything of its asset.
pub(super) fn admitted(
    bundle: KeyBundle,
    ticket: &Ticket,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<(PlaybackSession, Option<WrappedKey>), Refusal> {
    let session = still_open(bundle.session, &bundle.standing, ticket, now)?;
    session.bounds.admit(visitor)?;
    match bundle.asset {
        // Something that was granted was taken away since: whoever may still watch opens another view.
        Some((AssetState::Ready, from)) if session.opened_at < from => Err(OVER),
        Some((AssetState::Ready, _)) => Ok((session, bundle.key)),
        Some((state, _)) => Err(Refusal::WrongState(state)),
        None => Err(Refusal::NotFound("asset")),
    }
}

/// The place of a view among those that play at once, if it has to have one, and still has it.
async fn keeps_its_place(
    leases: &dyn Leases,
    (session, ends): (&PlaybackSession, Timestamp),
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(lease) = session.lease.filter(|lease| lease.is_due(now)) else {
        return Ok(());
    };
    let renewed = lease.renewed(now, ends);
    match leases.renew(session.id, &renewed).await? {
        Change::Applied => Ok(()),
        Change::NotApplied => Err(Refusal::TooManyStreams),
    }
}

/// Looks at where a key goes. A view that is where its last key went, which is nearly every key, costs nothing; a change of
/// network one write, and the one that is a sign one transaction, with its record.
///
/// What others wrote meanwhile decides: then this key was read before it, and adds nothing.
async fn looked_at(
    deps: &Deps,
    session: &PlaybackSession,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some((watch, address)) = session.watch.as_ref().zip(visitor.address) else {
        return Ok(());
    };
    let (next, sign) = match watch.after(address, now) {
        Next::Same => return Ok(()),
        Next::Moved(next) => {
            deps.trails.move_on(session, &next).await?;
            return Ok(());
        }
        Next::Raised(next, sign) => (next, sign),
    };
    let record = record(deps, (session, watch), address, &sign)?;
    let raised = deps.trails.raise(session, &next, &record).await?;
    match (raised, watch.rule.answer()) {
        (Change::Applied, OnSpread::Revoke) => Err(Refusal::WatchedElsewhere),
        _ => Ok(()),
    }
}

/// The sign, from the address whose key made it one. Nobody did it: the system saw it.
fn record(
    deps: &Deps,
    (session, watch): (&PlaybackSession, &Watch),
    address: IpAddr,
    sign: &Sign,
) -> Stored<Record> {
    let source = Source {
        address: Some(address),
        ..Source::default()
    };
    let scribe = Scribe {
        entropy: &*deps.entropy,
        org: session.org,
        clock: &*deps.clock,
        author: Author::System,
        verdict: None,
        source,
    };
    let record = scribe.asset(Event::ViewSpread, session.asset)?;
    let networks: Vec<_> = sign.networks.iter().map(ToString::to_string).collect();
    let record = record.with("view", session.id);
    let record = record.with("token", session.grant.short());
    let record = record.with("on_spread", watch.rule.answer().as_str());
    let record = record.with("networks", networks.join(" "));
    let record = record.with("returns", sign.returns);
    Ok(record.with("window_seconds", watch.rule.window()))
}

/// The 16 octets of a key, after exactly one strongly consistent read; one write where streams are counted and a third of
/// the lease has passed; and one where the view changed networks since its last key.
///
/// # Errors
/// Before any I/O: [`Refusal::Unauthenticated`], [`Refusal::InvalidToken`], [`Refusal::Forbidden`] for another
/// asset. After the read: [`Refusal::InvalidToken`] when the session is over, [`Refusal::OutsideNetwork`],
/// [`Refusal::OtherOrigin`], [`Refusal::WrongState`] when the asset is withdrawn, [`Refusal::NotFound`],
/// [`Refusal::TooManyStreams`] when others have all places, [`Refusal::WatchedElsewhere`] when the view ended by where its keys
/// went, or ends by this one, [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Delivered, Refusal> {
    let now = deps.clock.now();
    let text = command
        .ticket
        .as_deref()
        .ok_or(Refusal::Unauthenticated("a playback ticket as `token`"))?;
    let ticket = genuine(&*deps.tickets, text, now)?;
    if ticket.asset != command.asset {
        return Err(Refusal::Forbidden(
            "this playback ticket is for another asset",
        ));
    }
    let bundle = deps.reads.bundle(&ticket, command.key).await?;
    // The place is the view's: a ticket of before a refresh ends sooner, and the place does not.
    let ends = bundle.session.as_ref().map(|session| session.expires_at);
    let (session, key) = admitted(bundle, &ticket, &command.visitor, now)?;
    let key = key.filter(|k| k.asset == session.asset && k.package == session.package);
    let key = key.ok_or(Refusal::NotFound("key"))?;
    let ends = ends.unwrap_or(session.expires_at);
    keeps_its_place(&*deps.leases, (&session, ends), now).await?;
    looked_at(deps, &session, &command.visitor, now).await?;
    Ok(Delivered {
        key: deps.wrap.unwrap(&key)?,
        playback: session.id,
    })
}
