//! Create the first organisation and its owner, for the operator alone.

use std::sync::Arc;

use crate::credential::{Email, Password, PasswordHash, Role, User};
use crate::error::Refusal;
use crate::id::{OrgId, UserId};
use crate::mail::{MailOrder, MailQueue};
use crate::member::{Account, Membership, OrgName, Organisation};
use crate::ports::{Clock, Directory, Entropy, NewOwner, OwnerOutcome, PasswordHasher, StoreError};
use crate::secret::SecretText;

/// What the bootstrap needs.
pub struct Deps {
    /// The directory.
    pub directory: Arc<dyn Directory>,
    /// To the function that sends mail.
    pub mail: Arc<dyn MailQueue>,
    /// bcrypt.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How the owner comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// By a password that is told once; the operator vouches for the address.
    Password,
    /// By a password that is told once, after the link in a mail has shown that the address is theirs.
    PasswordOnceVerified,
    /// By a link in a mail, which sets a password that nobody else has seen (OWASP ASVS 5.0 §6.4.1); the operator
    /// vouches for the address.
    Link,
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
    /// How they come in.
    pub handover: Handover,
}

/// The owner, and a password if one is told.
#[derive(Debug)]
pub struct Owner {
    /// Organisation.
    pub org: OrgId,
    /// User.
    pub user: UserId,
    /// 26 characters: 128 random bits.
    pub password: Option<SecretText>,
}

/// Creates the organisation and its owner, or gives the owner a new password if that was asked for. A mail that could
/// not be ordered is ordered by asking again, to renew.
///
/// # Errors
/// [`Refusal::Malformed`], [`Refusal::OwnerExists`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Owner, Refusal> {
    let password = random_password(&*deps.entropy)?;
    let hash = deps
        .hasher
        .hash(&Password::parse(password.expose().to_owned())?)?;
    let (renew, handover) = (command.renew, command.handover);
    let owner = new_owner(deps, command, hash)?;
    let (org, user) = match deps.directory.create_owner(&owner).await? {
        OwnerOutcome::Created => (owner.organisation.id, owner.user.clone()),
        OwnerOutcome::AddressTaken if renew => renewed(deps, &owner).await?,
        OwnerOutcome::AddressTaken => return Err(Refusal::OwnerExists),
    };
    let id = user.id;
    if let Some(order) = order(deps, handover, user)? {
        deps.mail.order(&order).await?;
    }
    Ok(Owner {
        org,
        user: id,
        password: (handover != Handover::Link).then_some(password),
    })
}

/// The mail that goes with a handover.
fn order(deps: &Deps, handover: Handover, user: User) -> Result<Option<MailOrder>, StoreError> {
    let mut request = [0; 16];
    deps.entropy.fill(&mut request)?;
    Ok(match handover {
        Handover::Password => None,
        Handover::PasswordOnceVerified if user.verified => None,
        Handover::PasswordOnceVerified => Some(MailOrder::VerifyAddress {
            user: user.id,
            email: user.email,
            request,
        }),
        Handover::Link => Some(MailOrder::PasswordReset {
            request,
            email: user.email,
            requested_from: None,
        }),
    })
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
            verified: command.handover != Handover::PasswordOnceVerified,
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

async fn renewed(deps: &Deps, new: &NewOwner) -> Result<(OrgId, User), Refusal> {
    let missing = Refusal::NotFound("owner");
    let known = deps.directory.by_email(&new.user.email).await?;
    let known = known.ok_or(missing)?;
    let account = deps.directory.account(known.id).await?;
    let from = account.as_ref().unwrap_or(&new.account);
    let from = from.sessions_ended(deps.clock.now());
    let org = account.and_then(|account| account.orgs.first().copied());
    deps.directory
        .set_hash(known.id, &new.user.hash, from)
        .await?;
    let org = org.ok_or(Refusal::NotFound("organisation of this owner"))?;
    Ok((org, known))
}

fn random_password(entropy: &dyn Entropy) -> Result<SecretText, StoreError> {
    let mut octets = [0; 16];
    entropy.fill(&mut octets)?;
    Ok(SecretText::new(crate::id::encode128(&octets)))
}
