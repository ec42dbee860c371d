//! What delivery by paths asks for.

use crate::playback::PlaybackSession;
use crate::secret::SecretText;

/// Makes the tokens that stand in paths, which the distribution checks by itself.
pub trait PathTokens: Send + Sync {
    /// A token for the package of a view until it ends, which brings the view's ticket along. Its text is one segment of a
    /// path: letters, digits, `-`, `_` and `.`.
    fn issue(&self, session: &PlaybackSession, ticket: &str) -> SecretText;
}
