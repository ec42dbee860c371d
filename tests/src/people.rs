//! People of organisations that a test has to itself.

use serde_json::json;
use vault_aws::dynamodb::DynamoUsers;
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::password::Bcrypt;
use vault_domain::credential::{Email, Password, Role, User};
use vault_domain::id::{OrgId, UserId};
use vault_domain::ports::{Directory as _, OwnerOutcome, PasswordHasher as _};
use vault_domain::time::Timestamp;

use crate::api::Api;
use crate::cloud::cloud;
use crate::http::Reply;
use crate::sdk;

/// Someone who is signed in, at an address of their own.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their client.
    pub api: Api,
    /// `org_…`
    pub organisation: String,
    /// `usr_…`
    pub user: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// An access token.
    pub access: String,
    /// The refresh token that came with it.
    pub refresh: String,
}

/// An account that has never been signed in to.
#[derive(Debug, Clone)]
pub struct Guessed {
    /// The client of whoever guesses.
    pub api: Api,
    /// The account's address.
    pub email: String,
    /// The right password.
    pub password: String,
}

/// The owner of a new organisation, made as an operator makes one.
pub fn owner() -> Person {
    let (email, made) = bootstrapped();
    signed_in(Person {
        api: Api::default(),
        organisation: made.field("organisation_id"),
        user: made.field("user_id"),
        password: made.field("password"),
        email,
        access: String::new(),
        refresh: String::new(),
    })
}

/// An account to be guessed at, from an address of its own.
pub fn guessed() -> Guessed {
    let (email, made) = bootstrapped();
    Guessed {
        api: Api::default(),
        email,
        password: made.field("password"),
    }
}

fn bootstrapped() -> (String, Reply) {
    let email = format!("owner-{}@example.org", crate::unique());
    let made = sdk::invoke(
        "BootstrapOwnerFunction",
        &json!({ "organisation": "Tests", "email": email }),
    );
    assert!(
        made.header("x-amz-function-error").is_none(),
        "{}",
        made.text()
    );
    (email, made)
}

/// Someone else of the same organisation. No route makes users yet, so they are written as the directory
/// writes an owner, and then moved.
pub fn colleague(of: &Person, role: Role) -> Person {
    let id = UserId::from_octets(crate::random());
    let password = format!("password of {}", crate::unique());
    let hash = Bcrypt::new(std::sync::Arc::new(SystemEntropy))
        .hash(&Password::parse(password.clone()).expect("short"));
    let email = format!("{}@example.org", crate::unique());
    let user = User {
        id,
        org: OrgId::from_octets(crate::random()),
        role,
        active: true,
        email: Email::parse(&email).expect("an address"),
        hash: hash.expect("a hash"),
        hash_set_at: Timestamp(0),
    };
    let users = DynamoUsers::new(sdk::sdk().dynamodb(), cloud().output("UsersTable"));
    let made = sdk::block_on(users.create_owner("Elsewhere", &user)).expect("a user");
    assert_eq!(made, OwnerOutcome::Created);
    sdk::set_text("UsersTable", &format!("user#{id}"), "org", &of.organisation);
    signed_in(Person {
        api: Api::default(),
        organisation: of.organisation.clone(),
        user: id.to_string(),
        email,
        password,
        access: String::new(),
        refresh: String::new(),
    })
}

fn signed_in(person: Person) -> Person {
    let pair = person
        .api
        .login(&person.email, &person.password)
        .expect(200);
    Person {
        access: pair.field("access_token"),
        refresh: pair.field("refresh_token"),
        ..person
    }
}
