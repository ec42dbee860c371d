//! The record of what was done: who, by which token, what, to what, by which decision, from where. A record is
//! written in the transaction of the effect that it records, so that neither stands without the other. Its place in the
//! chain of its organisation it gets a moment later.

mod canonical;
mod chain;
mod export;
mod filter;
pub mod verify;

pub use canonical::{canonical, shown};
pub use chain::{Link, PARTS, Place, Sealed, part};
pub use export::{Broken, FORMAT, export, key};
pub use filter::{Entry, Filter, Span};

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::error::Malformed;
use crate::id::{AssetId, OrgId, RecordId};
use crate::member::{Actor, Subject};
use crate::time::Timestamp;
use crate::token::Device;

/// What happened. The names are stored, exported and asked for: they are never changed, only added to.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What happened, as `what.how`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Event { $($(#[$doc])* $variant),+ }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as stored and as shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

events! {
    /// An upload was announced.
    AssetAnnounced = "asset.announced",
    /// All bytes of an upload are there and are what was announced.
    AssetUploaded = "asset.uploaded",
    /// A verdict came about malware in a source: none was found, or some was.
    AssetScanned = "asset.scanned",
    /// A film is being packaged.
    AssetProcessing = "asset.processing",
    /// A film can be watched.
    AssetReady = "asset.ready",
    /// An upload was refused, or its film cannot be packaged.
    AssetFailed = "asset.failed",
    /// The title or the metadata changed.
    AssetDescribed = "asset.described",
    /// Variants of a film at lower rates were asked for.
    LadderAsked = "asset.ladder_asked",
    /// The previews of a film were asked for.
    PreviewsAsked = "asset.previews_asked",
    /// A film that failed was asked to be packaged anew.
    ReprocessAsked = "asset.reprocess_asked",
    /// Subtitles were brought beside a film.
    SubtitlesBrought = "asset.subtitles_brought",
    /// Subtitles that were brought were taken away.
    SubtitlesRemoved = "asset.subtitles_removed",
    /// An asset was taken back.
    AssetWithdrawn = "asset.withdrawn",
    /// An asset was deleted; it can be had back for a while.
    AssetDeleted = "asset.deleted",
    /// An asset that was deleted was had back.
    AssetRestored = "asset.restored",
    /// An asset is being erased: nothing brings it back.
    AssetErasing = "asset.erasing",
    /// All of an asset is gone but this.
    AssetErased = "asset.erased",
    /// An asset is held: nothing deletes or erases it.
    LegalHoldPlaced = "legal_hold.placed",
    /// An asset is not held any more.
    LegalHoldReleased = "legal_hold.released",
    /// The operator set what the organisation may use.
    QuotaChanged = "quota.changed",
    /// The rules changed by which assets go.
    RetentionChanged = "retention.changed",
    /// The rule changed by which views are looked at that more than one may watch.
    SpreadRuleChanged = "spread_rule.changed",
    /// Who may do what with an asset changed.
    AssetAccessChanged = "asset.access_changed",
    /// A collection was made.
    CollectionCreated = "collection.created",
    /// The name of a collection changed.
    CollectionChanged = "collection.changed",
    /// A collection was removed.
    CollectionDeleted = "collection.deleted",
    /// Who may do what with the assets of a collection changed.
    CollectionAccessChanged = "collection.access_changed",
    /// Someone has a second factor more.
    FactorAdded = "factor.added",
    /// Someone has a second factor less.
    FactorRemoved = "factor.removed",
    /// Someone has other recovery codes.
    RecoveryCodesReplaced = "factor.recovery_codes_replaced",
    /// A space was made.
    SpaceCreated = "space.created",
    /// The name of a space changed.
    SpaceChanged = "space.changed",
    /// A space was removed.
    SpaceDeleted = "space.deleted",
    /// Who may do what with the collections of a space changed.
    SpaceAccessChanged = "space.access_changed",
    /// A group was made.
    GroupCreated = "group.created",
    /// The name of a group changed.
    GroupChanged = "group.changed",
    /// A group was removed.
    GroupDeleted = "group.deleted",
    /// Someone became a member of a group.
    GroupMemberAdded = "group.member_added",
    /// Someone is no member of a group any more.
    GroupMemberRemoved = "group.member_removed",
    /// A share was made.
    ShareCreated = "share.created",
    /// What a share is called, its end or its views changed.
    ShareChanged = "share.changed",
    /// A share was ended.
    ShareRevoked = "share.revoked",
    /// The link of a share was traded for a media token.
    ShareExchanged = "share.exchanged",
    /// A media token was minted.
    TokenMinted = "token.minted",
    /// A view was opened.
    ViewOpened = "view.opened",
    /// A view was refreshed: it lives longer.
    ViewRefreshed = "view.refreshed",
    /// A view was ended by whoever watched.
    ViewEnded = "view.ended",
    /// The keys of a view went to more networks than one viewer's.
    ViewSpread = "view.spread",
    /// A copy was handed out.
    DownloadIssued = "download.issued",
    /// The organisation's name changed, or whether it requires a second factor.
    OrganisationChanged = "organisation.changed",
    /// The sessions of everyone in the organisation were ended.
    OrganisationSessionsEnded = "organisation.sessions_ended",
    /// A member's role changed.
    MemberRoleChanged = "member.role_changed",
    /// A member may not come in any more.
    MemberDisabled = "member.disabled",
    /// A member may come in again.
    MemberEnabled = "member.enabled",
    /// A member's sessions were ended.
    MemberSessionsEnded = "member.sessions_ended",
    /// Someone was removed from the organisation.
    MemberRemoved = "member.removed",
    /// Someone left the organisation.
    MemberLeft = "member.left",
    /// Someone was invited. The address is not on record: it outlives no invitation.
    MemberInvited = "member.invited",
    /// Someone accepted an invitation.
    MemberJoined = "member.joined",
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked",
    /// An API key was made.
    ApiKeyCreated = "api_key.created",
    /// An API key got a new secret.
    ApiKeyRotated = "api_key.rotated",
    /// An API key was ended for good.
    ApiKeyRevoked = "api_key.revoked",
    /// Someone signed in.
    SessionOpened = "session.opened",
    /// A session was ended: by whoever it is of or had its tokens, or because a refresh token of it was used twice.
    SessionEnded = "session.ended",
    /// Someone ended all their sessions, in all their organisations.
    SessionsEnded = "account.sessions_ended",
    /// Someone set a new password, which ended all their sessions, in all their organisations.
    PasswordChanged = "account.password_changed",
    /// An owner let the operator's support in.
    SupportGranted = "support.granted",
    /// What was granted to support was ended.
    SupportEnded = "support.ended",
    /// Staff came in by what was granted to support.
    SupportEntered = "support.entered",
    /// Staff did something in the organisation.
    SupportUsed = "support.used",
    /// An endpoint was set up that is told of changes.
    WebhookCreated = "webhook.created",
    /// What an endpoint is called, where it is, what it is told of or whether it is told changed.
    WebhookChanged = "webhook.changed",
    /// An endpoint got a new secret.
    WebhookRotated = "webhook.rotated",
    /// An endpoint is not told any more, because it was gone or failed for long.
    WebhookDisabled = "webhook.disabled",
    /// An endpoint was removed.
    WebhookDeleted = "webhook.deleted",
    /// A person had their account erased.
    AccountErased = "account.erased",
    /// Something was asked for and refused.
    AccessDenied = "access.denied",
}

impl Event {
    /// Reads the name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let all = Self::ALL.iter().copied();
        let named = all.into_iter().find(|event| event.as_str() == text);
        named.ok_or(Malformed {
            field: "event",
            expected: "the name of an event, such as view.opened",
        })
    }
}

/// Who did it, by which token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// A person by a login session, an API key, whoever holds the link of a share, or staff of the operator.
    Caller(Subject),
    /// The system itself: one of its functions, on an event and on nobody's behalf.
    System,
}

impl Author {
    /// Who that is; none for the system.
    pub const fn actor(&self) -> Option<Actor> {
        match self {
            Self::Caller(subject) => Some(subject.actor()),
            Self::System => None,
        }
    }

    /// Reads the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "system" {
            return Some(Self::System);
        }
        Subject::parse(text).map(Self::Caller)
    }
}

/// `usr_…/ses_…`, `apk_…`, `shr_…@ast_…`, `sup_…/usr_…/ses_…/usr_…` or `system`.
impl std::fmt::Display for Author {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Caller(subject) => subject.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

/// From where it was asked for, and by which request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The address as the API saw it; none for what the system does by itself.
    pub address: Option<IpAddr>,
    /// What the client says it is.
    pub device: Device,
    /// Lambda's id of the request, which is in the function's log too; at most 128 characters.
    pub request: String,
}

/// By what it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Was it allowed?
    pub allowed: bool,
    /// The policies that decided, by their ids, in their order; none when no policy allows it.
    pub policies: Vec<String>,
}

/// Most details of one record.
pub const MAX_DETAILS: usize = 16;
/// Most characters of one detail.
pub const MAX_DETAIL: usize = 300;

/// What else there is to say, by name. Never a secret: only ids, names, counts and reasons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details(BTreeMap<String, String>);

impl Details {
    /// None.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }
    /// These and one more; a text that is too long is cut, and what is too much is left out.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids and counts are given as they are"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        if self.0.len() < MAX_DETAILS {
            let value = value.to_string().chars().take(MAX_DETAIL).collect();
            self.0.insert(name.to_owned(), value);
        }
        self
    }
    /// Each, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// On whose record it stands.
    pub org: OrgId,
    /// When, by the clock of the function that did it.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// By whom.
    pub author: Author,
    /// To what: an id.
    pub target: String,
    /// With which asset.
    pub asset: Option<AssetId>,
    /// By which decision; none where there was nothing to decide.
    pub verdict: Option<Verdict>,
    /// From where.
    pub source: Source,
    /// What else.
    pub details: Details,
}

impl Record {
    /// The record with one more detail.
    #[must_use]
    pub fn with(self, name: &str, value: impl ToString) -> Self {
        Self {
            details: self.details.with(name, value),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_back_and_no_two_have_one_name() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Ok(*event));
        }
        assert!(Event::parse("view.closed").is_err());
    }

    #[test]
    fn details_are_bounded() {
        let long = "é".repeat(MAX_DETAIL + 1);
        let full = (0..20).fold(Details::none(), |details, n| {
            details.with(&format!("n{n:02}"), &long)
        });
        assert_eq!(full.iter().count(), MAX_DETAILS);
        assert!(
            full.iter()
                .all(|(_, value)| value.chars().count() == MAX_DETAIL)
        );
    }
}
