//! Mail.

use std::sync::Arc;

use vault_aws::dynamodb::{DynamoInvitations, DynamoLinks, DynamoMembers, DynamoUsers};
use vault_aws::ses::SesMailSender;
use vault_crypto::entropy::Sha256;
use vault_crypto::link::LinkMac;
use vault_domain::credential::Email;
use vault_domain::mail::Links;
use vault_domain::usecase::send_mail::Deps;

use super::parts::{refused, ring, sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (users, members) = (env.text("USERS_TABLE"), env.text("MEMBERS_TABLE"));
    let (links, secret) = (env.text("LINKS_TABLE"), env.text("LINK_MAC_SECRET"));
    let pages = Links::parse(&env.text("APP_URL")).map_err(|fault| env.note(fault));
    let from = Email::parse(&env.text("MAIL_FROM")).map_err(|fault| env.note(fault));
    let (mail, sdk) = (pages.ok().zip(from.ok()), sdk(env));
    Lazy::new(move || {
        let (users, members) = (users.clone(), members.clone());
        let (links, secret) = (links.clone(), secret.clone());
        let (mail, sdk) = (mail.clone(), sdk.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let (pages, from) = mail.ok_or_else(unwired)?;
            let tokens = LinkMac::new(&ring(&sdk, &secret).await?);
            let dynamodb = || sdk.dynamodb();
            Ok(Deps {
                users: Arc::new(DynamoUsers::new(dynamodb(), users)),
                members: Arc::new(DynamoMembers::new(dynamodb(), &members)),
                invitations: Arc::new(DynamoInvitations::new(dynamodb(), members)),
                links: Arc::new(DynamoLinks::new(dynamodb(), links)),
                tokens: Arc::new(tokens.map_err(|fault| refused("link mac", fault))?),
                hashing: Arc::new(Sha256),
                sender: Arc::new(SesMailSender::new(sdk.ses(), from)),
                clock: Arc::new(SystemClock),
                pages,
            })
        }
    })
}
