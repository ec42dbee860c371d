//! Second factors, ceremonies of passkeys, and what people change of their own accounts.

use futures_util::future::join_all;
use vault_domain::factor::{FactorSet, RecoveryCodes, Sealed, Step, TotpState, UsedCode};
use vault_domain::id::SessionId;
use vault_domain::passkey::{CredentialId, Passkey, PasskeyName};
use vault_domain::ports::{
    Accounts, Ceremonies, Ceremony, Change, Directory, Factors, NewOwner, OwnerOutcome, Purpose,
};
use vault_domain::time::Timestamp;

use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::crypto::FakeHasher;
use crate::entropy::SeedNote;
use crate::sample::{FAR_AHEAD, Sample};

fn sealed(sample: &Sample) -> Sealed {
    Sealed {
        key_version: "1".to_owned(),
        nonce: sample.0.octets(),
        octets: sample.0.octets::<36>().to_vec(),
    }
}

fn passkey(sample: &Sample) -> Passkey {
    let id = sample.0.octets::<32>().to_vec();
    Passkey {
        credential: CredentialId::from_octets(id).expect("an id"),
        public_key: sample.0.octets::<77>().to_vec(),
        sign_count: u32::MAX,
        backup_eligible: true,
        backed_up: false,
        transports: vec!["internal".to_owned()],
        name: PasskeyName::parse("Phone").expect("a name"),
        created_at: GOLDEN_NOW,
        last_used: None,
    }
}

/// A set with everything in it, one version up.
fn full(sample: &Sample, read: &FactorSet) -> FactorSet {
    let session = SessionId::from_octets(sample.0.octets());
    let mut totp = TotpState::pending(sealed(sample));
    totp.confirm(Step(1 << 40), session, GOLDEN_NOW);
    FactorSet {
        user: read.user,
        version: read.version + 1,
        totp: Some(totp),
        pending: Some(TotpState::pending(sealed(sample))),
        recovery: RecoveryCodes {
            unused: (0..10).map(|_| sample.digest()).collect(),
            last: Some(UsedCode {
                code: sample.digest(),
                session,
                used_at: GOLDEN_NOW,
            }),
        },
        passkeys: (0..10).map(|_| passkey(sample)).collect(),
    }
}

/// Factors: all fields read back, a change is one of what was read, and the account's flag goes with it.
pub async fn factors_contract(port: &dyn Factors, directory: &dyn Directory, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let owner = sample.owner();
    directory.create_owner(&owner).await.expect("create_owner");
    let user = owner.user.id;
    let of = async || port.of(user).await.expect("of");
    let none = of().await;
    assert_eq!(none, FactorSet::none(user), "none is a set too");
    assert_eq!(flag(directory, &owner).await, Some(false));

    let first = full(&sample, &none);
    let store = async |read: &FactorSet, next: &FactorSet| {
        let records = [builders::record(), builders::record()];
        port.replace(read, next, &records).await
    };
    assert_eq!(store(&none, &first).await.ok(), Some(Change::Applied));
    assert_eq!(of().await, first, "all fields read back");
    assert_eq!(flag(directory, &owner).await, Some(true));
    let late = full(&sample, &none);
    assert_eq!(store(&none, &late).await.ok(), Some(Change::NotApplied));
    assert_eq!(of().await, first, "the late one changed nothing");
    let again = store(&none, &first).await.ok();
    assert_eq!(again, Some(Change::Applied), "our own earlier try");

    let mut spent = first.clone();
    spent.version += 1;
    spent.recovery.unused.pop();
    spent.pending = None;
    assert_eq!(store(&first, &spent).await.ok(), Some(Change::Applied));
    assert_eq!(of().await, spent);
    assert_eq!(flag(directory, &owner).await, Some(true));
    assert_eq!(store(&first, &late).await.ok(), Some(Change::NotApplied));

    let off = FactorSet {
        version: spent.version + 1,
        ..FactorSet::none(user)
    };
    assert_eq!(store(&spent, &off).await.ok(), Some(Change::Applied));
    assert_eq!(of().await, off);
    assert_eq!(flag(directory, &owner).await, Some(false));

    let nobody = FactorSet::none(sample.owner().user.id);
    let orphan = store(&nobody, &full(&sample, &nobody)).await;
    assert!(orphan.is_err(), "no account is made by a factor");
    assert_eq!(port.of(nobody.user).await.expect("of"), nobody);
    factors_race(port, &sample, &off).await;
}

async fn flag(directory: &dyn Directory, owner: &NewOwner) -> Option<bool> {
    let account = directory.account(owner.user.id).await.expect("account");
    account.map(|account| account.second_factor)
}

/// Of many changes of one set at once, one takes effect.
async fn factors_race(port: &dyn Factors, sample: &Sample, read: &FactorSet) {
    let nexts: Vec<_> = (0..20).map(|_| full(sample, read)).collect();
    let outcomes = join_all(nexts.iter().map(|next| port.replace(read, next, &[]))).await;
    let stored = port.of(read.user).await.expect("of");
    let mut applied = 0;
    for (outcome, next) in outcomes.into_iter().zip(&nexts) {
        if outcome.expect("replace") == Change::Applied {
            applied += 1;
            assert_eq!(*next, stored);
        }
    }
    assert_eq!(applied, 1, "one change");
}

/// Accounts: a hash is replaced only while it is the one that was checked; sessions end and stay ended.
pub async fn accounts_contract(port: &dyn Accounts, directory: &dyn Directory, seed: u64) {
    let _note = SeedNote(seed);
    let owner = Sample::new(seed).owner();
    let created = directory.create_owner(&owner).await.expect("create_owner");
    assert_eq!(created, OwnerOutcome::Created);
    let (user, first) = (owner.user.id, owner.user.hash.clone());
    let hash = |text: &str| FakeHasher::hash_of(text);
    let stands = async || {
        let user = directory.by_id(user).await.expect("by_id");
        let account = directory.account(owner.user.id).await.expect("account");
        (user.map(|u| u.hash), account.map(|a| a.sessions_from))
    };
    let from = owner.account.sessions_from;

    let upgraded = port.upgrade_hash(user, &first, &hash("one")).await;
    assert_eq!(upgraded.expect("upgrade_hash"), Change::Applied);
    assert_eq!(stands().await, (Some(hash("one")), Some(from)));
    let late = port.upgrade_hash(user, &first, &hash("two")).await;
    assert_eq!(late.expect("upgrade_hash"), Change::NotApplied);

    // Of two organisations.
    let records = || [builders::record(), builders::record()];
    let later = from.plus(1_000);
    let change = async |checked: &str, next: &str, from| {
        port.change_hash(user, (&hash(checked), &hash(next)), from, &records())
            .await
            .expect("change_hash")
    };
    let far = later.plus(1);
    assert_eq!(change("another", "x", far).await, Change::NotApplied);
    assert_eq!(stands().await, (Some(hash("one")), Some(from)));
    assert_eq!(change("one", "two", later).await, Change::Applied);
    assert_eq!(stands().await, (Some(hash("two")), Some(later)));

    let end = async |user, at: Timestamp| {
        let ended = port.end_sessions(user, at, &records()).await;
        ended.expect("end_sessions")
    };
    assert_eq!(end(user, from).await, Change::NotApplied);
    assert_eq!(stands().await.1, Some(later), "never given back");
    assert_eq!(end(user, far).await, Change::Applied);
    assert_eq!(stands().await, (Some(hash("two")), Some(far)));

    let nobody = Sample::new(seed ^ 1).owner().user.id;
    assert_eq!(end(nobody, far).await, Change::NotApplied);
    assert_eq!(directory.account(nobody).await.expect("account"), None);
    let none = port.upgrade_hash(nobody, &first, &first).await;
    assert_eq!(none.expect("upgrade_hash"), Change::NotApplied);
}

/// Ceremonies: each is taken once, however many want it.
pub async fn ceremonies_contract(port: &dyn Ceremonies, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    let session = SessionId::from_octets(sample.0.octets());
    for purpose in [
        Purpose::SignIn,
        Purpose::Proof(session),
        Purpose::Registration(session),
    ] {
        let ceremony = Ceremony {
            digest: sample.digest(),
            purpose,
            expires_at: FAR_AHEAD,
        };
        let take = async |digest| port.take(digest).await.expect("take");
        assert_eq!(take(ceremony.digest).await, None);
        port.begin(&ceremony).await.expect("begin");
        assert_eq!(take(sample.digest()).await, None, "another's");
        let taken = join_all((0..20).map(|_| take(ceremony.digest))).await;
        let taken: Vec<_> = taken.into_iter().flatten().collect();
        assert_eq!(taken, [ceremony]);
    }
}
