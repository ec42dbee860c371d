//! One route: what it takes, what it replies with, by what it refuses.

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use vault_domain::usecase::IdempotencyKey;

use crate::problem::Code;

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a request proves who it is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access token of a person or of an API key.
    AccessToken,
    /// The token between the password and a first factor.
    LoginChallenge,
    /// A media token.
    MediaToken,
    /// Id and secret of an API key, by HTTP Basic.
    ApiKey,
    /// A playback ticket in the query.
    Ticket,
    /// A playback ticket in a cookie.
    TicketCookie,
}

/// Routes that belong together.
#[derive(Debug, Clone)]
pub struct Section {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) operations: Vec<Operation>,
}

impl Section {
    /// A section of this name.
    pub fn new(name: &'static str, about: &'static str, operations: Vec<Operation>) -> Self {
        Self {
            name,
            about,
            operations,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) required: bool,
    /// None: what the vocabulary says of the name.
    pub(super) schema: Option<SchemaOf>,
    pub(super) about: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) media: &'static [&'static str],
    pub(super) schema: SchemaOf,
    pub(super) required: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: &'static str,
    pub(super) schema: Option<SchemaOf>,
    pub(super) about: &'static str,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// A route of the API.
#[derive(Debug, Clone)]
pub struct Operation {
    /// As the template writes it.
    pub(super) route: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) credentials: &'static [Credential],
    pub(super) anonymous: bool,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    pub(super) codes: BTreeSet<Code>,
    /// Statuses at which the words of RFC 6749 are used, in the place of problem documents.
    pub(super) oauth: &'static [u16],
}

impl Operation {
    /// A route as the template writes it; it takes an access token unless something else is said.
    pub fn new(route: &'static str, id: &'static str, summary: &'static str) -> Self {
        let operation = Self {
            route,
            id,
            summary,
            credentials: &[],
            anonymous: false,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            codes: BTreeSet::from([Code::Unavailable]),
            oauth: &[],
        };
        let operation = operation.by(&[Credential::AccessToken]);
        // Segments of a path may have the form of an id and name nothing.
        match operation.path_names().next() {
            Some(_) => operation.refuses(&[Code::Malformed, Code::NotFound]),
            None => operation,
        }
    }

    /// The names in the path.
    pub(super) fn path_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let pieces = self.route.split('{').skip(1);
        pieces.filter_map(|piece| piece.split_once('}').map(|(name, _)| name))
    }

    /// One of these credentials is needed.
    #[must_use]
    pub fn by(mut self, credentials: &'static [Credential]) -> Self {
        self.credentials = credentials;
        for code in [Code::Unauthenticated, Code::InvalidToken, Code::Forbidden] {
            if credentials.is_empty() {
                self.codes.remove(&code);
            } else {
                self.codes.insert(code);
            }
        }
        self
    }

    /// Nothing is needed, or what is needed stands in the body or in the path.
    #[must_use]
    pub fn open(self) -> Self {
        self.by(&[])
    }

    /// What one of the credentials proves can stand in the body too.
    #[must_use]
    pub const fn or_in_the_body(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// A parameter of the path whose name the vocabulary has another meaning for.
    #[must_use]
    pub fn path<T: JsonSchema>(self, name: &'static str) -> Self {
        self.parameter(name, "path", true, Some(subschema::<T>))
    }

    /// A parameter of the query that may be left out.
    #[must_use]
    pub fn query(self, names: &[&'static str]) -> Self {
        let with =
            |operation: Self, name: &&'static str| operation.parameter(name, "query", false, None);
        names.iter().fold(self, with).refuses(&[Code::Malformed])
    }

    /// A parameter of the query that must be there.
    #[must_use]
    pub fn asks<T: JsonSchema>(self, name: &'static str) -> Self {
        let named = self.parameter(name, "query", true, Some(subschema::<T>));
        named.refuses(&[Code::Malformed])
    }

    /// [`Self::asks`], of what may be left out.
    #[must_use]
    pub fn may_ask<T: JsonSchema>(self, name: &'static str) -> Self {
        let named = self.parameter(name, "query", false, Some(subschema::<T>));
        named.refuses(&[Code::Malformed])
    }

    /// An `Idempotency-Key` may name the request.
    #[must_use]
    pub fn idempotent(self) -> Self {
        let named = self.parameter(
            "Idempotency-Key",
            "header",
            false,
            Some(subschema::<IdempotencyKey>),
        );
        named.refuses(&[Code::Malformed, Code::IdempotencyMismatch])
    }

    /// `If-Match` must say what the change rests on.
    #[must_use]
    pub fn conditional(self) -> Self {
        self.rests_on(true).refuses(&[Code::PreconditionRequired])
    }

    /// `If-Match` may say what the change rests on.
    #[must_use]
    pub fn may_be_conditional(self) -> Self {
        self.rests_on(false)
    }

    fn rests_on(self, required: bool) -> Self {
        let schema: SchemaOf = super::vocabulary::if_match;
        let named = self.parameter("If-Match", "header", required, Some(schema));
        named.refuses(&[Code::Malformed, Code::PreconditionFailed])
    }

    fn parameter(
        mut self,
        name: &'static str,
        place: &'static str,
        required: bool,
        schema: Option<SchemaOf>,
    ) -> Self {
        self.parameters.push(Parameter {
            name,
            place,
            required,
            schema,
            about: None,
        });
        self
    }

    /// What is to be known of the last parameter.
    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        if let Some(last) = self.parameters.last_mut() {
            last.about = Some(about);
        }
        self
    }

    /// A body of JSON.
    #[must_use]
    pub fn takes<T: JsonSchema>(self) -> Self {
        self.body::<T>(&["application/json"], true)
    }

    /// A body of JSON, or none.
    #[must_use]
    pub fn may_take<T: JsonSchema>(self) -> Self {
        self.body::<T>(&["application/json"], false)
    }

    /// A merge patch (RFC 7396).
    #[must_use]
    pub fn patches<T: JsonSchema>(self) -> Self {
        self.body::<T>(&["application/merge-patch+json", "application/json"], true)
    }

    /// A form.
    #[must_use]
    pub fn takes_form<T: JsonSchema>(self) -> Self {
        self.body::<T>(&["application/x-www-form-urlencoded"], true)
    }

    /// A file of one of these media types.
    #[must_use]
    pub fn takes_file<T: JsonSchema>(self, media: &'static [&'static str]) -> Self {
        self.body::<T>(media, true)
    }

    fn body<T: JsonSchema>(mut self, media: &'static [&'static str], required: bool) -> Self {
        self.body = Some(Body {
            media,
            schema: subschema::<T>,
            required,
        });
        self.refuses(&[Code::Malformed, Code::TooLarge, Code::WrongMediaType])
    }

    /// A reply of JSON.
    #[must_use]
    pub fn replies<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.answer(status, "application/json", Some(subschema::<T>), about)
    }

    /// A reply of another media type; text unless a schema says more.
    #[must_use]
    pub fn replies_as<T: JsonSchema>(
        self,
        status: u16,
        media: &'static str,
        about: &'static str,
    ) -> Self {
        self.answer(status, media, Some(subschema::<T>), about)
    }

    /// A reply of octets.
    #[must_use]
    pub fn replies_octets(self, status: u16, about: &'static str) -> Self {
        self.answer(status, "application/octet-stream", None, about)
    }

    fn answer(
        mut self,
        status: u16,
        media: &'static str,
        schema: Option<SchemaOf>,
        about: &'static str,
    ) -> Self {
        self.answers.push(Answer {
            status,
            media,
            schema,
            about,
            headers: Vec::new(),
        });
        self
    }

    /// A header that the last reply always has.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, about: &'static str) -> Self {
        if let Some(last) = self.answers.last_mut() {
            last.headers.push((name, about));
        }
        self
    }

    /// Further problems that the route may tell of.
    #[must_use]
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// What follows from no type does not happen here.
    #[must_use]
    pub fn never(mut self, codes: &[Code]) -> Self {
        self.codes.retain(|code| !codes.contains(code));
        self
    }

    /// Failures are told in the words of RFC 6749, with these statuses.
    #[must_use]
    pub fn oauth(mut self, statuses: &'static [u16]) -> Self {
        self.oauth = statuses;
        self.codes.clear();
        self
    }
}

fn subschema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
