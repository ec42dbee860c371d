//! Trade the link of a share for a media token of one view. Whoever comes has no account: all that speaks for them is a
//! token that nobody can make, the place that they come from, and a password if the share has one.

use std::sync::Arc;

use super::budget::Taken;
use super::scribe::Scribe;
use crate::asset::{Asset, AssetState, Title};
use crate::audit::{Author, Event, Record, Source};
use crate::bounds::Bounds;
use crate::credential::Password;
use crate::error::Refusal;
use crate::network::throttle_prefixes;
use crate::ports::{
    Change, Clock, Entropy, Hashing, Limits, PasswordHasher, Records, ShareExchanges, ShareTokens,
    Stored,
};
use crate::secret::SecretText;
use crate::share::{SHARED_TOKEN_SECONDS, Share};
use crate::time::Timestamp;
use crate::token::{Action, Grant, MediaToken};

/// Guesses at the password of one share from one network in a window of 15 minutes.
pub const GUESSES_PER_NETWORK: u32 = 10;
/// Guesses at the password of one share from everywhere in a window.
pub const GUESSES_PER_SHARE: u32 = 100;
/// Guesses at the password of one share from everywhere in a day.
pub const GUESSES_PER_DAY: u32 = 500;
/// Exchanges of one share from one network in a window: a school comes from one address.
pub const EXCHANGES_PER_NETWORK: u32 = 500;
/// Exchanges of one share in a window. It bounds what whoever holds the link can write.
pub const EXCHANGES_PER_SHARE: u32 = 5_000;
/// Refusals of one share on record in a window, beside those of guesses.
pub const REFUSALS_ON_RECORD: u32 = 20;

/// What the exchange needs.
pub struct Deps {
    /// The shares and their assets.
    pub shares: Arc<dyn ShareExchanges>,
    /// Checks the tokens of links.
    pub tokens: Arc<dyn ShareTokens>,
    /// Budgets of attempts.
    pub limits: Arc<dyn Limits>,
    /// Compares passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Where refusals are recorded.
    pub records: Arc<dyn Records>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A parsed request.
#[derive(Debug)]
pub struct Command {
    /// The token of the link, as presented.
    pub token: SecretText,
    /// The password, if one is given.
    pub password: Option<Password>,
    /// From where; its address is known.
    pub source: Source,
}

/// A media token, told once, and what the page needs.
#[derive(Debug)]
pub struct Exchanged {
    /// The token.
    pub token: MediaToken,
    /// What is stored of it.
    pub grant: Grant,
    /// The title of the asset.
    pub title: Title,
}

/// Exchanges.
///
/// A link that is forged, unknown, revoked, over or used up reads the same. Which of the others it is, is told to those
/// who hold a good one: from the wrong place before its password is asked for, of an asset that does not play after it.
///
/// # Errors
/// [`Refusal::InvalidLink`], [`Refusal::OutsideNetwork`], [`Refusal::PasswordNeeded`], [`Refusal::WrongPassword`],
/// [`Refusal::Throttled`], [`Refusal::WrongState`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Exchanged, Refusal> {
    // The MAC first: a stranger without a link costs no read.
    let claims = deps.tokens.open(command.token.expose());
    let claims = claims.ok_or(Refusal::InvalidLink)?;
    let now = deps.clock.now();
    let (share, asset) = deps.shares.presented(&claims).await?;
    let visit = Visit {
        deps,
        share: share.filter(|s| s.opens(now)).ok_or(Refusal::InvalidLink)?,
        source: command.source,
        now,
    };
    visit.in_place().await?;
    visit.password(command.password.as_ref()).await?;
    let asset = visit.playable(asset)?;
    visit.counted().await?;
    visit.exchanged(&asset).await
}

/// Someone with a good link.
struct Visit<'a> {
    deps: &'a Deps,
    share: Share,
    source: Source,
    now: Timestamp,
}

impl Visit<'_> {
    async fn in_place(&self) -> Result<(), Refusal> {
        let address = self.source.address;
        if address.is_some_and(|address| self.share.is_for(address)) {
            return Ok(());
        }
        // What is not on record any more is refused all the same.
        let name = format!("share-refused#{}", self.share.id);
        if Taken::any_left(&*self.deps.limits, &name, REFUSALS_ON_RECORD, self.now).await? {
            self.refused("network").await?;
        }
        Err(Refusal::OutsideNetwork)
    }

    /// Is it the share's password? An attempt is taken from every budget before it is compared.
    async fn password(&self, given: Option<&Password>) -> Result<(), Refusal> {
        let Some(hash) = &self.share.password else {
            return Ok(());
        };
        let given = given.ok_or(Refusal::PasswordNeeded)?;
        let (limits, now) = (&*self.deps.limits, self.now);
        let name = format!("share-password#{}", self.share.id);
        // The narrow one first: who has used it up takes nothing from anyone else.
        let near = format!("{name}#{}", self.network());
        let taken = Taken::take(limits, &near, GUESSES_PER_NETWORK, now).await?;
        let taken = taken.also(&name, GUESSES_PER_SHARE, now).await?;
        let taken = taken.daily(&name, GUESSES_PER_DAY, now).await?;
        if !self.deps.hasher.verify(given, Some(hash))? {
            self.refused("password").await?;
            return Err(Refusal::WrongPassword);
        }
        taken.give_back().await;
        Ok(())
    }

    fn playable(&self, asset: Option<Asset>) -> Result<Asset, Refusal> {
        let ours = |asset: &Asset| asset.announced.org == self.share.org;
        let asset = asset.filter(|asset| ours(asset) && asset.keeping.presence.is_kept());
        let asset = asset.ok_or(Refusal::InvalidLink)?;
        if asset.state == AssetState::Ready {
            Ok(asset)
        } else {
            Err(Refusal::WrongState(asset.state))
        }
    }

    async fn counted(&self) -> Result<(), Refusal> {
        let (limits, now) = (&*self.deps.limits, self.now);
        let name = format!("share-exchange#{}", self.share.id);
        let near = format!("{name}#{}", self.network());
        let taken = Taken::take(limits, &near, EXCHANGES_PER_NETWORK, now).await?;
        taken.also(&name, EXCHANGES_PER_SHARE, now).await?;
        Ok(())
    }

    async fn exchanged(&self, asset: &Asset) -> Result<Exchanged, Refusal> {
        let token = MediaToken::random(&*self.deps.entropy)?;
        let ends = self.now.plus(SHARED_TOKEN_SECONDS);
        let grant = Grant {
            digest: self.deps.hashing.sha256(token.expose().as_bytes()),
            asset: self.share.asset,
            action: Action::Play,
            subject: self.share.subject(),
            org: self.share.org,
            max_views: 1,
            views: 0,
            expires_at: self.share.expires_at.map_or(ends, |end| end.min(ends)),
            revoked: false,
            // The share's own terms are looked at when a view is opened.
            bounds: Bounds::default(),
            play_until: None,
            device: None,
        };
        let record = self.record(Event::ShareExchanged)?;
        let record = record
            .with("token", grant.digest.short())
            .with("expires_at", grant.expires_at.0);
        let stored = self.deps.shares.exchange(&self.share, &grant, &record);
        match stored.await? {
            Change::Applied => Ok(Exchanged {
                token,
                grant,
                title: asset.description.title.clone(),
            }),
            Change::NotApplied => Err(Refusal::InvalidLink),
        }
    }

    async fn refused(&self, why: &str) -> Stored<()> {
        let record = self.record(Event::AccessDenied)?;
        let record = record.with("action", "exchange").with("refused", why);
        self.deps.records.note(&record).await
    }

    fn record(&self, event: Event) -> Stored<Record> {
        let scribe = Scribe {
            entropy: &*self.deps.entropy,
            org: self.share.org,
            clock: &*self.deps.clock,
            author: Author::Caller(self.share.subject()),
            verdict: None,
            source: self.source.clone(),
        };
        let record = scribe.of(event, self.share.id.to_string())?;
        Ok(Record {
            asset: Some(self.share.asset),
            ..record
        })
    }

    /// The narrow network of whoever came: the name of their budget.
    fn network(&self) -> String {
        let prefixes = self.source.address.map(throttle_prefixes);
        prefixes.map_or_else(String::new, |[narrow, _]| narrow.network.to_string())
    }
}
