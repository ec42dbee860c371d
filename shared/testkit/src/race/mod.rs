//! Races: a hundred of the same at once, over fakes with every interleaving that a seed brings, on threads, or over
//! real stores. Each function makes its own world through the ports, with ids of its seed, and asserts what the
//! limits allow. Over real stores, give the `Deps` a clock of today: what a store thinks over, it may remove.

mod audit;
mod clients;
mod deletion;
mod downloads;
mod factors;
mod identity;
mod organisations;
mod playback;
mod recovery;
mod shares;
mod support;
mod together;
mod upload;
mod usage;
mod webhooks;

pub use audit::race_sealers;
pub use clients::{race_creations, race_rotations};
pub use deletion::{Against, race_the_end};
pub use downloads::{race_downloads, race_named_downloads};
pub use factors::{race_codes, race_recovery_codes};
pub use identity::{race_guesses, race_refreshes, race_wrong_passwords};
pub use organisations::{race_invitations, race_removals};
pub use playback::{Setup, race_named_spends, race_spends, race_streams, race_view_refreshes};
pub use recovery::{race_acceptances, race_forgotten, race_resets};
pub use shares::{race_revocations, race_shared_views, race_shares};
pub use support::{race_ends, race_support};
pub use together::{Way, together};
pub use upload::{race_deliveries, race_finalizes};
pub use usage::{PLACES, race_announcements, race_named_announcements, race_slots, tight};
pub use webhooks::{race_deliverers, race_webhooks};

/// How many take part in a race.
pub const RUNNERS: usize = 100;
