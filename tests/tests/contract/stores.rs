//! The real adapters over the tables and buckets of the deployed stack.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use futures_util::future::BoxFuture;
use vault_aws::Sdk;
use vault_aws::cloudfront::CloudFrontDistribution;
use vault_aws::dynamodb::{
    AccessTables, DynamoAbandonments, DynamoAccess, DynamoAccounts, DynamoAssets, DynamoAudit,
    DynamoCeremonies, DynamoClients, DynamoContentKeys, DynamoDeletions, DynamoDirectory,
    DynamoDownloads, DynamoErasures, DynamoFactors, DynamoGrants, DynamoInvitations,
    DynamoKeyReads, DynamoLeases, DynamoLibrary, DynamoLimits, DynamoLinks, DynamoMembers,
    DynamoOrganisations, DynamoPlaylistReads, DynamoQuotas, DynamoRecords, DynamoRecovery,
    DynamoRetentions, DynamoRewraps, DynamoScans, DynamoSessions, DynamoShareExchanges,
    DynamoShares, DynamoSpreadRules, DynamoStandings, DynamoSupport, DynamoTrails, DynamoUsage,
    DynamoViews, DynamoWebhooks, ErasureTables, RecoveryTables, StandingTables,
};
use vault_aws::s3::{S3AuditArchive, S3Media, S3Uploads};
use vault_aws::sqs::{SqsMailQueue, SqsWebhookQueue};
use vault_domain::audit::Record;
use vault_domain::id::OrgId;
use vault_domain::mail::MailOrder;
use vault_domain::ports::{Records, SignedPart, Standings};
use vault_domain::webhook::DeliveryOrder;
use vault_testkit::contract::{LinkStores, Viewers};
use vault_tests::{Http, Request, cloud, unique};

/// One adapter of each kind.
pub(crate) struct Stores {
    pub(crate) sdk: Sdk,
    pub(crate) directory: DynamoDirectory,
    pub(crate) members: DynamoMembers,
    pub(crate) accounts: DynamoAccounts,
    pub(crate) factors: DynamoFactors,
    pub(crate) ceremonies: DynamoCeremonies,
    pub(crate) organisations: DynamoOrganisations,
    pub(crate) erasures: DynamoErasures,
    pub(crate) standings: DynamoStandings,
    pub(crate) clients: DynamoClients,
    pub(crate) limits: DynamoLimits,
    pub(crate) links: DynamoLinks,
    pub(crate) invitations: DynamoInvitations,
    pub(crate) recovery: DynamoRecovery,
    pub(crate) sessions: DynamoSessions,
    pub(crate) grants: DynamoGrants,
    pub(crate) views: DynamoViews,
    pub(crate) shares: DynamoShares,
    pub(crate) exchanges: DynamoShareExchanges,
    pub(crate) support: DynamoSupport,
    pub(crate) downloads: DynamoDownloads,
    pub(crate) leases: DynamoLeases,
    pub(crate) trails: DynamoTrails,
    pub(crate) spread_rules: DynamoSpreadRules,
    pub(crate) spread_standings: DynamoStandings,
    pub(crate) playlist_reads: DynamoPlaylistReads,
    pub(crate) key_reads: DynamoKeyReads,
    pub(crate) records: DynamoRecords,
    pub(crate) access: DynamoAccess,
    pub(crate) assets: DynamoAssets,
    pub(crate) library: DynamoLibrary,
    pub(crate) deletions: DynamoDeletions,
    pub(crate) abandonments: DynamoAbandonments,
    pub(crate) scans: DynamoScans,
    pub(crate) usages: DynamoUsage,
    pub(crate) quotas: DynamoQuotas,
    pub(crate) rules: DynamoRetentions,
    pub(crate) archive: S3AuditArchive,
    pub(crate) keys: DynamoContentKeys,
    pub(crate) uploads: S3Uploads,
    pub(crate) media: S3Media,
    pub(crate) distribution: CloudFrontDistribution,
    pub(crate) webhooks: DynamoWebhooks,
}

impl Stores {
    #[expect(clippy::too_many_lines, reason = "it is a list of all that there is")]
    pub(crate) fn new() -> Self {
        let (cloud, sdk) = (cloud(), vault_tests::sdk::sdk());
        let table = |name: &str| cloud.output(name);
        let dynamodb = sdk.dynamodb();
        let of = || dynamodb.clone();
        let records = || DynamoRecords::new(of(), table("AuditTable"));
        let usage = usage_table();
        let standing = || StandingTables {
            members: table("MembersTable").to_owned(),
            sessions: table("SessionsTable").to_owned(),
            clients: table("ClientsTable").to_owned(),
            shares: Some(table("SharesTable").to_owned()),
            support: None,
        };
        Self {
            directory: DynamoDirectory::new(of(), table("UsersTable"), table("MembersTable")),
            members: DynamoMembers::new(of(), table("MembersTable")),
            accounts: DynamoAccounts::new(
                of(),
                table("UsersTable"),
                table("MembersTable"),
                records(),
            ),
            factors: DynamoFactors::new(
                of(),
                table("UsersTable"),
                table("MembersTable"),
                records(),
            ),
            ceremonies: DynamoCeremonies::new(of(), table("LinksTable")),
            organisations: DynamoOrganisations::new(
                of(),
                table("UsersTable"),
                table("MembersTable"),
                records(),
            ),
            erasures: DynamoErasures::new(
                of(),
                ErasureTables {
                    users: table("UsersTable").to_owned(),
                    members: table("MembersTable").to_owned(),
                    sessions: table("SessionsTable").to_owned(),
                },
                records(),
            ),
            standings: DynamoStandings::new(of(), standing()),
            clients: DynamoClients::new(of(), table("ClientsTable"), records()),
            limits: DynamoLimits::new(of(), table("LimitsTable")),
            links: DynamoLinks::new(of(), table("LinksTable")),
            invitations: DynamoInvitations::new(of(), table("MembersTable")),
            recovery: DynamoRecovery::new(
                RecoveryTables {
                    links: table("LinksTable").to_owned(),
                    users: table("UsersTable").to_owned(),
                    members: table("MembersTable").to_owned(),
                },
                records(),
            ),
            sessions: DynamoSessions::new(of(), table("SessionsTable"), records()),
            grants: DynamoGrants::new(of(), table("GrantsTable"), records()),
            views: DynamoViews::new(
                of(),
                table("GrantsTable"),
                table("AssetsTable"),
                table("PlaybackTable"),
                table("SharesTable"),
                records(),
            ),
            shares: DynamoShares::new(of(), table("SharesTable"), records()),
            webhooks: DynamoWebhooks::new(of(), table("WebhooksTable"), records()),
            exchanges: DynamoShareExchanges::new(
                of(),
                table("SharesTable"),
                table("AssetsTable"),
                table("GrantsTable"),
                records(),
            ),
            support: DynamoSupport::new(
                of(),
                table("MembersTable"),
                Some(table("UsersTable").to_owned()),
                records(),
            ),
            downloads: DynamoDownloads::new(
                of(),
                table("GrantsTable"),
                table("AssetsTable"),
                table("PlaybackTable"),
                records(),
            ),
            leases: DynamoLeases::new(of(), table("PlaybackTable")),
            trails: DynamoTrails::new(of(), table("PlaybackTable"), records()),
            spread_rules: DynamoSpreadRules::new(table("MembersTable"), records()),
            spread_standings: DynamoStandings::new(of(), standing()).with_spread(),
            playlist_reads: DynamoPlaylistReads::new(
                of(),
                table("PlaybackTable"),
                table("AssetsTable"),
                standing(),
            ),
            key_reads: DynamoKeyReads::new(
                of(),
                table("PlaybackTable"),
                table("KeysTable"),
                table("AssetsTable"),
                standing(),
            ),
            records: records(),
            access: DynamoAccess::new(
                of(),
                AccessTables {
                    access: table("AccessTable").to_owned(),
                    assets: table("AssetsTable").to_owned(),
                    members: table("MembersTable").to_owned(),
                },
                records(),
            ),
            assets: DynamoAssets::new(of(), table("AssetsTable"), records()).counted_in(usage),
            library: DynamoLibrary::new(of(), table("AssetsTable"), records()),
            deletions: DynamoDeletions::new(
                of(),
                table("AssetsTable"),
                table("RetentionTable"),
                usage,
                records(),
            ),
            abandonments: DynamoAbandonments::new(
                of(),
                DynamoAssets::new(of(), table("AssetsTable"), records()).counted_in(usage),
                usage,
                table("RetentionTable"),
            ),
            scans: DynamoScans::new(
                of(),
                DynamoAssets::new(of(), table("AssetsTable"), records()).counted_in(usage),
                table("RetentionTable"),
            ),
            usages: DynamoUsage::new(of(), usage),
            quotas: DynamoUsage::new(of(), usage).quotas(table("MembersTable"), records()),
            rules: DynamoRetentions::new(table("RetentionTable"), table("MembersTable"), records()),
            archive: S3AuditArchive::new(sdk.s3(), table("AuditBucket")),
            keys: DynamoContentKeys::new(of(), table("KeysTable")),
            uploads: S3Uploads::new(sdk.s3(), table("UploadsBucket")),
            media: S3Media::new(sdk.s3(), table("MediaBucket")),
            distribution: CloudFrontDistribution::new(sdk.cloudfront(), table("DistributionId")),
            sdk,
        }
    }

    /// Where subjects stand, with this organisation as the operator's.
    pub(crate) fn standings_of(&self, operator: OrgId) -> Arc<dyn Standings> {
        let table = |name: &str| cloud().output(name).to_owned();
        let tables = StandingTables {
            members: table("MembersTable"),
            sessions: table("SessionsTable"),
            clients: table("ClientsTable"),
            shares: None,
            support: Some(operator),
        };
        Arc::new(DynamoStandings::new(self.sdk.dynamodb(), tables))
    }

    /// What links are about.
    pub(crate) fn link_stores(&self) -> LinkStores<'_> {
        LinkStores {
            links: &self.links,
            recovery: &self.recovery,
            invitations: &self.invitations,
            directory: &self.directory,
        }
    }

    /// Who watches.
    pub(crate) fn viewers(&self) -> Viewers<'_> {
        Viewers {
            directory: &self.directory,
            sessions: &self.sessions,
        }
    }

    /// The export under a key of the archive, past the adapter.
    pub(crate) fn archived(
        &self,
    ) -> impl Fn(String) -> BoxFuture<'static, Option<String>> + Send + Sync + use<> {
        let client = self.sdk.s3();
        move |key| {
            let bucket = cloud().output("AuditBucket");
            let request = client.get_object().bucket(bucket).key(key);
            Box::pin(async move {
                let found = request.send().await.ok()?;
                let octets = found.body.collect().await.expect("the body").to_vec();
                Some(String::from_utf8(octets).expect("text"))
            })
        }
    }

    /// The octets under a key of the media bucket, past every adapter.
    pub(crate) fn fetcher(
        &self,
    ) -> impl Fn(String) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync + use<> {
        let client = self.sdk.s3();
        move |key| {
            let request = client
                .get_object()
                .bucket(cloud().output("MediaBucket"))
                .key(key);
            Box::pin(async move {
                match request.send().await {
                    Ok(found) => Some(found.body.collect().await.expect("the body").to_vec()),
                    Err(error) => {
                        let error = error.into_service_error();
                        assert!(error.is_no_such_key(), "{error:?}");
                        None
                    }
                }
            })
        }
    }
}

/// The client's PUT to a signed URL: over plain HTTP, as a browser's.
#[expect(clippy::needless_pass_by_value, reason = "the suites' own signature")]
pub(crate) fn putter(part: SignedPart, octets: Vec<u8>) -> BoxFuture<'static, Result<String, u16>> {
    let request = Request::new("PUT", part.url.expose()).octets(octets);
    let request = part.headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    Box::pin(async move {
        let sent = tokio::task::spawn_blocking(move || Http::default().send(&request));
        let reply = sent.await.expect("the PUT");
        if reply.status == 200 {
            return Ok(reply.header("etag").expect("an ETag").to_owned());
        }
        // Shown when a test fails that did not expect it.
        println!("S3 refused: {}", reply.text());
        Err(reply.status)
    })
}

/// A table of usage that these tests have to themselves, since sweep-assets ends what is too old by the deployed one.
fn usage_table() -> &'static str {
    static TABLE: OnceLock<String> = OnceLock::new();
    TABLE.get_or_init(|| {
        let made = std::thread::spawn(|| vault_tests::sdk::block_on(make_usage_table()));
        made.join().expect("a table")
    })
}

async fn make_usage_table() -> String {
    let (client, name) = (
        vault_tests::sdk::sdk().dynamodb(),
        format!("usage-{}", unique()),
    );
    let key = |name: &str, kind| {
        let key = KeySchemaElement::builder().attribute_name(name);
        key.key_type(kind).build().expect("a key")
    };
    let attribute = |(name, kind): (&str, ScalarAttributeType)| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute
            .attribute_type(kind)
            .build()
            .expect("an attribute")
    };
    let (text, number) = (ScalarAttributeType::S, ScalarAttributeType::N);
    let attributes = [("pk", text.clone()), ("part", text), ("at", number)].map(attribute);
    let keys = Projection::builder().projection_type(ProjectionType::KeysOnly);
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("part", KeyType::Hash))
        .key_schema(key("at", KeyType::Range))
        .projection(keys.build())
        .build();
    let made = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(due.expect("an index"))
        .send();
    made.await.expect("a table");
    name
}

/// A table of records of one's own, since seal-audit chains what waits in the deployed one; and what writes into it.
pub(crate) async fn audit(
    stores: &Stores,
) -> (
    DynamoAudit,
    impl Fn(Record) -> BoxFuture<'static, ()> + Send + Sync + use<>,
) {
    let (client, name) = (stores.sdk.dynamodb(), format!("audit-{}", unique()));
    let key = |name: &str, kind| {
        let key = KeySchemaElement::builder().attribute_name(name);
        key.key_type(kind).build().expect("a key")
    };
    let text = |name: &str| {
        let text = AttributeDefinition::builder().attribute_name(name);
        let text = text.attribute_type(ScalarAttributeType::S).build();
        text.expect("an attribute")
    };
    let keys = Projection::builder().projection_type(ProjectionType::KeysOnly);
    let pending = GlobalSecondaryIndex::builder()
        .index_name("pending")
        .key_schema(key("pending", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .projection(keys.build())
        .build();
    let made = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "pending"].map(text).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(pending.expect("an index"))
        .send();
    made.await.expect("a table");
    let audit = DynamoAudit::new(client.clone(), &name);
    let notes = DynamoRecords::new(client, name);
    let write = move |record| -> BoxFuture<'static, ()> {
        let notes = notes.clone();
        Box::pin(async move { notes.note(&record).await.expect("a record") })
    };
    (audit, write)
}

/// A table of keys of one's own, since what else is in the deployed one is nobody's to count.
pub(crate) async fn own_keys(stores: &Stores) -> (DynamoContentKeys, DynamoRewraps) {
    let (client, name) = (stores.sdk.dynamodb(), format!("keys-{}", unique()));
    let key = |name: &str, kind| {
        let key = KeySchemaElement::builder().attribute_name(name);
        key.key_type(kind).build().expect("a key")
    };
    let text = |name: &str| {
        let text = AttributeDefinition::builder().attribute_name(name);
        let text = text.attribute_type(ScalarAttributeType::S).build();
        text.expect("an attribute")
    };
    let made = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk"].map(text).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .send();
    made.await.expect("a table");
    let rewraps = DynamoRewraps::new(client.clone(), &name);
    (DynamoContentKeys::new(client, name), rewraps)
}

/// A queue of one's own, since send-mail eats what comes into the deployed one, and what receives from it.
pub(crate) async fn mail_queue(
    stores: &Stores,
) -> (
    SqsMailQueue,
    impl Fn() -> BoxFuture<'static, Vec<MailOrder>> + Send + Sync,
) {
    let client = stores.sdk.sqs();
    let name = format!("mail-{}", unique());
    let made = client.create_queue().queue_name(name).send().await;
    let url = made.expect("a queue").queue_url.expect("its URL");
    let queue = SqsMailQueue::new(client.clone(), &url);
    let receive = move || -> BoxFuture<'static, Vec<MailOrder>> {
        let (client, url) = (client.clone(), url.clone());
        Box::pin(async move {
            let asked = client.receive_message().queue_url(&url);
            let asked = asked.wait_time_seconds(1).max_number_of_messages(10);
            let got = asked.send().await.expect("a receive");
            let mut orders = Vec::new();
            for message in got.messages.unwrap_or_default() {
                let body = message.body.unwrap_or_default();
                orders.push(serde_json::from_str(&body).expect("an order"));
                let done = client.delete_message().queue_url(&url);
                let done = done.set_receipt_handle(message.receipt_handle).send();
                done.await.expect("a deletion");
            }
            orders
        })
    };
    (queue, receive)
}

/// A queue of webhook messages of one's own, and what receives from it.
pub(crate) async fn webhook_queue(
    stores: &Stores,
) -> (
    SqsWebhookQueue,
    impl Fn() -> BoxFuture<'static, Vec<DeliveryOrder>> + Send + Sync,
) {
    let client = stores.sdk.sqs();
    let name = format!("webhooks-{}", unique());
    let made = client.create_queue().queue_name(name).send().await;
    let url = made.expect("a queue").queue_url.expect("its URL");
    let queue = SqsWebhookQueue::new(client.clone(), &url);
    let receive = move || -> BoxFuture<'static, Vec<DeliveryOrder>> {
        let (client, url) = (client.clone(), url.clone());
        Box::pin(async move {
            let asked = client.receive_message().queue_url(&url);
            let asked = asked.wait_time_seconds(1).max_number_of_messages(10);
            let got = asked.send().await.expect("a receive");
            let messages = got.messages.unwrap_or_default().into_iter();
            let bodies = messages.filter_map(|message| message.body);
            bodies
                .map(|body| serde_json::from_str(&body).expect("an order"))
                .collect()
        })
    };
    (queue, receive)
}
