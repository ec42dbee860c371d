//! Create the first organisation and its owner, for the operator alone.

use std::sync::Arc;

use crate::credential::{Email, Password, Role, User};
use crate::error::{Malformed, Refusal};
use crate::id::{OrgId, UserId};
use crate::ports::{Clock, Directory, Entropy, OwnerOutcome, PasswordHasher, StoreError};
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
    /// The organisation's name: 1 to 200 characters.
    pub organisation: String,
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
    let name = command.organisation.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        let expected = "1 to 200 characters without control characters";
        return Err(Malformed {
            field: "organisation",
            expected,
        }
        .into());
    }
    let password = random_password(&*deps.entropy)?;
    let hash = deps
        .hasher
        .hash(&Password::parse(password.expose().to_owned())?)?;
    let owner = User {
        id: UserId::random(&*deps.entropy)?,
        org: OrgId::random(&*deps.entropy)?,
        role: Role::Owner,
        active: true,
        email: command.email,
        hash,
        hash_set_at: deps.clock.now(),
    };
    match deps.directory.create_owner(name, &owner).await? {
        OwnerOutcome::Created => Ok(Owner {
            org: owner.org,
            user: owner.id,
            password,
        }),
        OwnerOutcome::AddressTaken if command.renew => renewed(deps, &owner, password).await,
        OwnerOutcome::AddressTaken => Err(Refusal::OwnerExists),
    }
}

async fn renewed(deps: &Deps, new: &User, password: SecretText) -> Result<Owner, Refusal> {
    let known = deps
        .directory
        .by_email(&new.email)
        .await?
        .ok_or(Refusal::NotFound("owner"))?;
    // Time is in seconds: a session opened with the old password in this very second is over as well.
    deps.directory
        .set_hash(known.id, &new.hash, new.hash_set_at.plus(1))
        .await?;
    Ok(Owner {
        org: known.org,
        user: known.id,
        password,
    })
}

fn random_password(entropy: &dyn Entropy) -> Result<SecretText, StoreError> {
    let mut octets = [0; 16];
    entropy.fill(&mut octets)?;
    Ok(SecretText::new(crate::id::encode128(&octets)))
}
