//! People of organisations that a test has to itself.

use serde_json::json;
use vault_aws::dynamodb::DynamoDirectory;
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::password::Bcrypt;
use vault_domain::credential::{Password, Role};
use vault_domain::id::OrgId;
use vault_domain::ports::{Directory as _, OwnerOutcome, PasswordHasher as _};
use vault_testkit::Sample;

use crate::api::Api;
use crate::cloud::cloud;
use crate::http::Reply;
use crate::{sdk, seed, unique};

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
    let email = format!("owner-{}@example.org", unique());
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

/// Someone else of the same organisation, written as the directory writes an owner, but with their place in this one.
pub fn colleague(of: &Person, role: Role) -> Person {
    let (sample, password) = (Sample::new(seed()), format!("password of {}", unique()));
    let hash = Bcrypt::new(std::sync::Arc::new(SystemEntropy))
        .hash(&Password::parse(password.clone()).expect("short"));
    let org = OrgId::parse(&of.organisation).expect("an organisation");
    let mut made = sample.owner();
    made.user.hash = hash.expect("a hash");
    made.account.orgs = vec![org];
    (made.membership.org, made.membership.role) = (org, role);
    let dynamodb = sdk::sdk().dynamodb();
    let (users, members) = (cloud().output("UsersTable"), cloud().output("MembersTable"));
    let directory = DynamoDirectory::new(dynamodb, users, members);
    let outcome = sdk::block_on(directory.create_owner(&made)).expect("a user");
    assert_eq!(outcome, OwnerOutcome::Created);
    signed_in(Person {
        api: Api::default(),
        organisation: of.organisation.clone(),
        user: made.user.id.to_string(),
        email: made.user.email.as_str().to_owned(),
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
