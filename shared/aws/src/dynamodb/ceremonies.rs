//! Ceremonies of passkeys, in the table of links under keys of their own: `webauthn#<digest>`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use vault_domain::id::SessionId;
use vault_domain::ports::{Ceremonies, Ceremony, Purpose, StoreError, Stored};
use vault_domain::token::Digest;

use super::record::{Corrupt, Fields, Item, PK, item, text, time};
use super::{TTL, put_new, read};

/// The ceremonies.
#[derive(Debug, Clone)]
pub struct DynamoCeremonies {
    client: Client,
    table: String,
}

impl DynamoCeremonies {
    /// The ceremonies in this table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

fn pk(digest: Digest) -> String {
    format!("webauthn#{}", digest.hex())
}

fn purpose(text: &str) -> Option<Purpose> {
    match text.split_once('/') {
        None => (text == "sign-in").then_some(Purpose::SignIn),
        Some(("proof", id)) => SessionId::parse(id).ok().map(Purpose::Proof),
        Some(("registration", id)) => SessionId::parse(id).ok().map(Purpose::Registration),
        Some(_) => None,
    }
}

fn to_item(ceremony: &Ceremony) -> Item {
    let purpose = match ceremony.purpose {
        Purpose::SignIn => "sign-in".to_owned(),
        Purpose::Proof(session) => format!("proof/{session}"),
        Purpose::Registration(session) => format!("registration/{session}"),
    };
    item([
        (PK, text(pk(ceremony.digest))),
        ("purpose", text(purpose)),
        (TTL, time(ceremony.expires_at)),
    ])
}

fn from_item(item: &Item) -> Result<Ceremony, Corrupt> {
    let fields = Fields(item);
    Ok(Ceremony {
        digest: fields.parsed(PK, |pk| Digest::from_hex(pk.strip_prefix("webauthn#")?))?,
        purpose: fields.parsed("purpose", purpose)?,
        expires_at: fields.time(TTL)?,
    })
}

#[async_trait]
impl Ceremonies for DynamoCeremonies {
    async fn begin(&self, ceremony: &Ceremony) -> Stored<()> {
        const OPERATION: &str = "ceremonies.begin";
        put_new(&self.client, &self.table, OPERATION, to_item(ceremony)).await
    }

    /// A deletion that the SDK repeats finds nothing: the ceremony is lost, and begun anew.
    async fn take(&self, digest: Digest) -> Stored<Option<Ceremony>> {
        const OPERATION: &str = "ceremonies.take";
        let request = self.client.delete_item().table_name(&self.table);
        let sent = request
            .key(PK, text(pk(digest)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        let output = sent.map_err(|error| StoreError::new(OPERATION, error))?;
        read(OPERATION, output.attributes.as_ref(), from_item)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    #[test]
    fn a_ceremony_reads_back_and_a_broken_one_is_corrupt() {
        let session = SessionId::from_octets([1; 16]);
        for purpose in [
            Purpose::SignIn,
            Purpose::Proof(session),
            Purpose::Registration(session),
        ] {
            let one = Ceremony {
                digest: Digest([2; 32]),
                purpose,
                expires_at: Timestamp(3),
            };
            reads_back(&one, &to_item(&one), from_item, &[PK, "purpose", TTL]);
        }
        for bad in ["", "proof", "proof/", "sign-in/", "x/ses_"] {
            assert_eq!(purpose(bad), None, "{bad}");
        }
    }
}
