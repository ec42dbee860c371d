//! The fields of an exchange that bound a media token. Lists have blanks between their members, as `scope` has (RFC 6749 §3.3).

use vault_domain::bounds::{Bounds, MaxStreams, Viewer, WebOrigins};
use vault_domain::error::Malformed;
use vault_domain::share::{FirstPlay, networks};
use vault_domain::time::Timestamp;

use crate::form::Form;

impl Form {
    pub(crate) fn bounds(&self) -> Result<Bounds, Malformed> {
        let first_play = self.number("first_play_seconds", "60 to 2592000 seconds (30 days)")?;
        let networks_given = self.get("networks").unwrap_or_default();
        let networks_given: Vec<&str> = networks_given.split_whitespace().collect();
        let max_streams = self.number("max_streams", "1 to 100")?;
        self.without_countries()?;
        Ok(Bounds {
            not_before: self
                .number("not_before", "seconds of Unix time")?
                .map(Timestamp),
            first_play: first_play.map(FirstPlay::parse).transpose()?,
            networks: networks(&networks_given)?,
            origins: WebOrigins::parse(self.get("allowed_origins").unwrap_or_default())?,
            one_device: self.flag("one_device")?,
            max_streams: max_streams.map(MaxStreams::parse).transpose()?,
            viewer: self.get("viewer").map(Viewer::parse).transpose()?,
        })
    }

    fn flag(&self, field: &'static str) -> Result<bool, Malformed> {
        match self.get(field) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Malformed {
                field,
                expected: "true or false",
            }),
        }
    }

    /// RFC 6749 §3.2 has unknown parameters ignored. Who asks for this one must not take it for granted.
    fn without_countries(&self) -> Result<(), Malformed> {
        match self.get("countries") {
            None => Ok(()),
            Some(_) => Err(Malformed {
                field: "countries",
                expected: "nothing: nothing proves to this API from which country a viewer comes; bind the token to `networks`",
            }),
        }
    }
}
