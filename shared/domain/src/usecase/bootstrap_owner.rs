//! Create the first organisation and its owner, for the operator alone.

use std::sync::Arc;

use crate::credential::{Email, Password, PasswordHash, Role, User};
use crate::error::Refusal;
use crate::id::{OrgId, UserId};
use crate::member::{Account, Membership, OrgName, Organisation};
use crate::ports::{Clock, Directory, Entropy, NewOwner, OwnerOutcome, PasswordHasher, StoreError};
use crate::secret::SecretText;

/// What the bootstrap needs.
pub struct Deps {
    /// The directory.
    pub directory: Arc<dyn Directory>,
    /// bcrypt.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A parsed request of the operator.
#[derive(Debug)]
pub struct Command {
    /// The organisation's name.
    pub organisation: OrgName,
    /// The owner's address.
    pub email: Email,
    /// Give an owner who exists a new password?
    pub renew: bool,
}

/// The owner, with a password that is told once.
#[derive(Debug)]
pub struct Owner {
    /// Organisation.
    pub org: OrgId,
    /// User.
    pub user: UserId,
    /// 26 characters: 128 random bits.
    pub password: SecretText,
}

/// Creates the organisation and its owner, or gives the owner a new password if that was asked for.
///
/// # Errors
/// [`Refusal::Malformed`], [`Refusal::OwnerExists`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Owner, Refusal> {
    let password = random_password(&*deps.entropy)?;
    let hash = deps
        .hasher
        .hash(&Password::parse(password.expose().to_owned())?)?;
    let renew = command.renew;
    let owner = new_owner(deps, command, hash)?;
    match deps.directory.create_owner(&owner).await? {
        OwnerOutcome::Created => Ok(Owner {
            org: owner.organisation.id,
            user: owner.user.id,
            password,
        }),
        OwnerOutcome::AddressTaken if renew => renewed(deps, &owner, password).await,
        OwnerOutcome::AddressTaken => Err(Refusal::OwnerExists),
    }
}

fn new_owner(deps: &Deps, command: Command, hash: PasswordHash) -> Result<NewOwner, StoreError> {
    let (user, org) = (
        UserId::random(&*deps.entropy)?,
        OrgId::random(&*deps.entropy)?,
    );
    let now = deps.clock.now();
    Ok(NewOwner {
        organisation: Organisation {
            id: org,
            name: command.organisation,
            owners: 1,
            require_second_factor: false,
            sessions_from: now,
        },
        user: User {
            id: user,
            email: command.email,
            // The operator vouches for the address: they hand the password over.
            verified: true,
            hash,
        },
        account: Account {
            user,
            active: true,
            sessions_from: now,
            orgs: vec![org],
            second_factor: false,
        },
        membership: Membership {
            org,
            user,
            role: Role::Owner,
            active: true,
            since: now,
            sessions_from: now,
        },
    })
}

async fn renewed(deps: &Deps, new: &NewOwner, password: SecretText) -> Result<Owner, Refusal> {
    let missing = Refusal::NotFound("owner");
    let known = deps.directory.by_email(&new.user.email).await?;
    let known = known.ok_or(missing)?;
    let account = deps.directory.account(known.id).await?;
    let org = account.and_then(|account| account.orgs.first().copied());
    // Time is in seconds: a session opened with the old password in this very second is over as well.
    let from = new.account.sessions_from.plus(1);
    deps.directory
        .set_hash(known.id, &new.user.hash, from)
        .await?;
    Ok(Owner {
        org: org.ok_or(Refusal::NotFound("organisation of this owner"))?,
        user: known.id,
        password,
    })
}

fn random_password(entropy: &dyn Entropy) -> Result<SecretText, StoreError> {
    let mut octets = [0; 16];
    entropy.fill(&mut octets)?;
    Ok(SecretText::new(crate::id::encode128(&octets)))
}
