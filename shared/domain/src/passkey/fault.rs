//! What can be wrong with an answer to a ceremony.

/// Why an answer to a ceremony is refused. Nothing in it is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    /// A part that is missing, too large or not in its format.
    #[error("{0} is missing, too large or malformed")]
    Malformed(&'static str),
    /// A registration's answer for an authentication, or the other way round.
    #[error("the answer is to another kind of ceremony")]
    Ceremony,
    /// Not the challenge that was given.
    #[error("the answer is to another challenge")]
    Challenge,
    /// A page that is not ours.
    #[error("the answer comes from an origin that is not expected")]
    Origin,
    /// A page of ours inside someone else's.
    #[error("the answer comes from a page embedded in another")]
    Embedded,
    /// The authenticator signed for another relying party.
    #[error("the answer is for another relying party")]
    RelyingParty,
    /// Nobody touched the authenticator.
    #[error("the authenticator did not notice a person")]
    UserAbsent,
    /// The authenticator did not ask for a PIN, finger or face.
    #[error("the authenticator did not verify its user")]
    UserUnverified,
    /// Backed up but not eligible for it, or the eligibility changed.
    #[error("the flags for backup contradict each other or the registration")]
    Backup,
    /// A key of an algorithm that was not offered.
    #[error("the key's algorithm was not offered")]
    Algorithm,
    /// Not a key of its algorithm.
    #[error("the public key is malformed")]
    PublicKey,
    /// Another passkey than the one it is checked against.
    #[error("the answer names another passkey")]
    Credential,
    /// The passkey was made for another user.
    #[error("the answer names another user")]
    UserHandle,
    /// Not signed by the passkey.
    #[error("the signature is wrong")]
    Signature,
    /// The counter did not advance: there may be a copy of the authenticator.
    #[error("the signature counter did not advance; the authenticator may have been cloned")]
    Counter,
    /// The user holds it already.
    #[error("the passkey is registered already")]
    AlreadyRegistered,
    /// The user holds [`super::MAX_PASSKEYS`].
    #[error("there are 10 passkeys already; remove one first")]
    TooMany,
}
