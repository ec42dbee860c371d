//! What describes the API (`OpenAPI` 3.1): operations from the types that parse and reply, gathered into one document.
//!
//! A function's `openapi` module says of each route what its handler does not show in a type: who may call it, and by what
//! it refuses. The rest is read off the types. `docs/openapi.json` is the result, and tests hold the code against it.

mod document;
mod explain;
mod operation;
mod vocabulary;

pub use document::{Document, document};
pub use operation::{Credential, Operation, Section};

/// A type that there is for its schema alone.
#[macro_export]
macro_rules! shape {
    ($($(#[$doc:meta])* $name:ident = $schema:tt;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            // Another shape of this name is another: the document refuses to have both.
            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    )+};
}

shape! {
    /// `Bearer`, as the type of a token.
    Bearer = { "type": "string", "description": "How the token is used.", "const": "Bearer" };
    /// The token that stands between a password and a second factor.
    LoginChallengeToken = {
        "type": "string", "description": "`rvc_…`: of a sign-in that waits for its second factor.",
    };
    /// The number of a part of an upload.
    PartNumber = { "type": "integer", "description": "From 1 on.", "minimum": 1, "maximum": 10_000 };
    /// A text of another media type than JSON.
    Text = { "type": "string" };
    /// A playback ticket, which a playlist's URL has in its path.
    Ticket = { "type": "string", "description": "The playback ticket: a credential.", "minLength": 1, "pattern": "^[A-Za-z0-9._~-]+$" };
    /// A public-key credential of Web Authentication.
    PasskeyAnswer = { "type": "object", "description": "What `toJSON()` of the `PublicKeyCredential` gives." };
}
