//! The contract suites on the real adapters: DynamoDB, S3 and CloudFront of the local cloud. The very suites
//! that the in-memory fakes pass.

#[cfg(test)]
mod before;
#[cfg(test)]
mod races;
#[cfg(test)]
mod stores;

#[cfg(test)]
mod tests {
    use vault_testkit::contract::{self, KeyStores, PlaylistStores};
    use vault_tests::seed;

    use crate::stores::{Stores, putter};

    #[tokio::test]
    async fn directory() {
        contract::directory_contract(&Stores::new().directory, seed()).await;
    }

    #[tokio::test]
    async fn standings() {
        let stores = Stores::new();
        let (port, sessions) = (&stores.standings, &stores.sessions);
        contract::standings_contract(port, &stores.directory, sessions, seed()).await;
    }

    #[tokio::test]
    async fn clients() {
        let stores = Stores::new();
        let (clients, seed) = (&stores.clients, seed());
        contract::clients_contract(clients, seed).await;
        contract::client_standings_contract(&stores.standings, clients, seed).await;
    }

    #[tokio::test]
    async fn factors() {
        let stores = Stores::new();
        contract::factors_contract(&stores.factors, &stores.directory, seed()).await;
    }

    #[tokio::test]
    async fn accounts() {
        let stores = Stores::new();
        contract::accounts_contract(&stores.accounts, &stores.directory, seed()).await;
    }

    #[tokio::test]
    async fn ceremonies() {
        contract::ceremonies_contract(&Stores::new().ceremonies, seed()).await;
    }

    #[tokio::test]
    async fn organisations() {
        let stores = Stores::new();
        contract::organisations_contract(&stores.organisations, &stores.directory, seed()).await;
    }

    #[tokio::test]
    async fn erasures() {
        let stores = Stores::new();
        let all = contract::ErasureStores {
            erasures: &stores.erasures,
            directory: &stores.directory,
            factors: &stores.factors,
            sessions: &stores.sessions,
        };
        contract::erasures_contract(all, seed()).await;
    }

    #[tokio::test]
    async fn support() {
        let stores = Stores::new();
        let read = |operator| stores.standings_of(operator);
        let all = contract::SupportStores {
            supports: &stores.support,
            entries: &stores.support,
            directory: &stores.directory,
            sessions: &stores.sessions,
            standings: &read,
        };
        contract::support_contract(all, seed()).await;
    }

    #[tokio::test]
    async fn inviting() {
        let stores = Stores::new();
        contract::inviting_contract(&stores.organisations, &stores.directory, seed()).await;
    }

    #[tokio::test]
    async fn limits() {
        contract::limits_contract(&Stores::new().limits, seed()).await;
    }

    #[tokio::test]
    async fn invitations() {
        contract::invitations_contract(&Stores::new().invitations, seed()).await;
    }

    #[tokio::test]
    async fn links() {
        contract::links_contract(Stores::new().link_stores(), seed()).await;
    }

    #[tokio::test]
    async fn recovery() {
        contract::recovery_contract(Stores::new().link_stores(), seed()).await;
    }

    #[tokio::test]
    async fn mail_queue() {
        let stores = Stores::new();
        let (queue, receive) = crate::stores::mail_queue(&stores).await;
        contract::mail_queue_contract(&queue, &receive, seed()).await;
    }

    #[tokio::test]
    async fn sessions() {
        contract::sessions_contract(&Stores::new().sessions, seed()).await;
    }

    #[tokio::test]
    async fn subtitles() {
        let stores = Stores::new();
        let (assets, deletions) = (&stores.assets, &stores.deletions);
        contract::subtitles_contract(assets, assets, deletions, seed()).await;
        contract::text_files_contract(&stores.uploads, seed()).await;
    }

    #[tokio::test]
    async fn ladders() {
        let stores = Stores::new();
        let (assets, deletions) = (&stores.assets, &stores.deletions);
        contract::ladders_contract(assets, assets, deletions, seed()).await;
    }

    #[tokio::test]
    async fn previews() {
        let stores = Stores::new();
        let (assets, deletions) = (&stores.assets, &stores.deletions);
        contract::previews_contract(assets, assets, deletions, seed()).await;
    }

    #[tokio::test]
    async fn reopenings() {
        let stores = Stores::new();
        let (assets, deletions) = (&stores.assets, &stores.deletions);
        contract::reopenings_contract(assets, assets, deletions, seed()).await;
    }

    #[tokio::test]
    async fn scans() {
        let stores = Stores::new();
        let all = contract::ScanStores {
            scans: &stores.scans,
            assets: &stores.assets,
            reopenings: &stores.assets,
            dues: &stores.deletions,
        };
        contract::scans_contract(all, seed()).await;
    }

    #[tokio::test]
    async fn assets() {
        contract::assets_contract(&Stores::new().assets, seed()).await;
    }

    #[tokio::test]
    async fn access() {
        let stores = Stores::new();
        let all = contract::AccessStores {
            assets: &stores.assets,
            directory: &stores.directory,
            standings: &stores.standings,
            library: &stores.library,
            containers: &stores.access,
            changes: &stores.access,
            groups: &stores.access,
        };
        contract::access_contract(all, seed()).await;
    }

    #[tokio::test]
    async fn library() {
        let stores = Stores::new();
        let both = contract::LibraryStores {
            assets: &stores.assets,
            library: &stores.library,
        };
        contract::library_contract(both, seed()).await;
    }

    #[tokio::test]
    async fn audit() {
        let stores = Stores::new();
        let (audit, write) = crate::stores::audit(&stores).await;
        let ports = contract::AuditStores {
            log: &audit,
            chain: &audit,
            exports: &audit,
            write: &write,
        };
        contract::audit_contract(ports, seed()).await;
        contract::audit_contract_of_many(ports, seed()).await;
    }

    #[tokio::test]
    async fn audit_archive() {
        let stores = Stores::new();
        let fetch = stores.archived();
        contract::audit_archive_contract(&stores.archive, &fetch, seed()).await;
    }

    #[tokio::test]
    async fn grants_and_views() {
        let stores = Stores::new();
        contract::views_contract(&stores.views, &stores.grants, &stores.assets, seed()).await;
    }

    #[tokio::test]
    async fn bounds() {
        let stores = Stores::new();
        let stores = contract::BoundStores {
            views: &stores.views,
            grants: &stores.grants,
            leases: &stores.leases,
        };
        contract::bounds_contract(stores, seed()).await;
    }

    #[tokio::test]
    async fn where_keys_go() {
        let stores = Stores::new();
        let stores = contract::SpreadStores {
            views: &stores.views,
            grants: &stores.grants,
            leases: &stores.leases,
            trails: &stores.trails,
            rules: &stores.spread_rules,
            standings: &stores.spread_standings,
            directory: &stores.directory,
            sessions: &stores.sessions,
        };
        contract::spread_contract(stores, seed()).await;
    }

    #[tokio::test]
    async fn refreshes_of_views() {
        let stores = Stores::new();
        contract::refreshes_contract(&stores.views, &stores.grants, seed()).await;
    }

    #[tokio::test]
    async fn downloads() {
        let stores = Stores::new();
        contract::downloads_contract(&stores.downloads, &stores.grants, &stores.assets, seed())
            .await;
    }

    #[tokio::test]
    async fn playlist_reads() {
        let stores = Stores::new();
        let among = PlaylistStores {
            viewers: stores.viewers(),
            views: &stores.views,
            grants: &stores.grants,
            assets: &stores.assets,
        };
        contract::playlist_reads_contract(&stores.playlist_reads, among, seed()).await;
    }

    #[tokio::test]
    async fn content_keys() {
        let stores = Stores::new();
        contract::content_keys_contract(&stores.keys, &stores.key_reads, seed()).await;
    }

    #[tokio::test]
    async fn rewraps() {
        let (keys, rewraps) = crate::stores::own_keys(&Stores::new()).await;
        let (erasure, keys) = (&keys as _, &keys as _);
        let stores = contract::RewrapStores { keys, erasure };
        contract::rewraps_contract(&rewraps, stores, seed()).await;
    }

    #[tokio::test]
    async fn secret_versions() {
        let client = Stores::new().sdk.secrets();
        let (name, text) = (format!("contract/{}", vault_tests::unique()), "one");
        let made = client.create_secret().name(&name).secret_string(text);
        made.send().await.expect("a secret");
        let port = vault_aws::secrets::RotatingSecrets::new(client);
        contract::secret_versions_contract(&port, (&name, text)).await;
    }

    #[tokio::test]
    async fn key_reads() {
        let stores = Stores::new();
        let among = KeyStores {
            assets: &stores.assets,
            keys: &stores.keys,
            grants: &stores.grants,
            views: &stores.views,
            viewers: stores.viewers(),
        };
        contract::key_reads_contract(&stores.key_reads, among, seed()).await;
    }

    #[tokio::test]
    async fn uploads() {
        contract::uploads_contract(&Stores::new().uploads, &putter, seed()).await;
    }

    #[tokio::test]
    async fn media() {
        let stores = Stores::new();
        contract::media_contract(&stores.media, &stores.media, &stores.fetcher(), seed()).await;
    }

    #[tokio::test]
    async fn preview_files() {
        let stores = Stores::new();
        let (media, fetch) = (&stores.media, stores.fetcher());
        contract::preview_files_contract((media, media), media, &fetch, seed()).await;
    }

    #[tokio::test]
    async fn usage() {
        let stores = Stores::new();
        let ports = contract::UsageStores {
            assets: &stores.assets,
            usages: &stores.usages,
            quotas: &stores.quotas,
            abandonments: &stores.abandonments,
            deletions: &stores.deletions,
            erasures: &stores.deletions,
            dues: &stores.deletions,
            directory: &stores.directory,
        };
        contract::usage_contract(ports, seed()).await;
    }

    #[tokio::test]
    async fn deletion() {
        let stores = Stores::new();
        let all = contract::DeletionStores {
            assets: &stores.assets,
            library: &stores.library,
            deletions: &stores.deletions,
            dues: &stores.deletions,
            erasures: &stores.deletions,
            retentions: &stores.deletions,
            rules: &stores.rules,
            directory: &stores.directory,
        };
        contract::deletion_contract(all, seed()).await;
    }

    #[tokio::test]
    async fn erasure() {
        let (stores, seed) = (Stores::new(), seed());
        contract::key_erasure_contract(&stores.keys, &stores.keys, seed).await;
        let media = (&stores.media as _, &stores.fetcher() as _);
        contract::media_erasure_contract(&stores.media, &stores.media, media, seed).await;
        let uploads = &stores.uploads;
        contract::source_erasure_contract((uploads, uploads), (uploads, &putter), seed).await;
    }

    #[tokio::test]
    async fn distribution() {
        contract::distribution_contract(&Stores::new().distribution, seed()).await;
    }

    #[tokio::test]
    async fn shares() {
        let stores = Stores::new();
        let shares = contract::ShareStores {
            shares: &stores.shares,
            erasure: &stores.shares,
            exchanges: &stores.exchanges,
            views: &stores.views,
            standings: &stores.standings,
            assets: &stores.assets,
        };
        contract::shares_contract(shares, seed()).await;
    }

    #[tokio::test]
    async fn webhooks() {
        let stores = Stores::new();
        let both = contract::WebhookStores {
            webhooks: &stores.webhooks,
            deliveries: &stores.webhooks,
        };
        contract::webhooks_contract(both, seed()).await;
    }

    #[tokio::test]
    async fn webhook_queue() {
        let stores = Stores::new();
        let (queue, receive) = crate::stores::webhook_queue(&stores).await;
        contract::webhook_queue_contract(&queue, &receive, seed()).await;
    }

    #[tokio::test]
    async fn every_secret_of_the_stack_reads_as_a_ring_of_keys() {
        let cloud = vault_tests::cloud();
        for name in [
            "MasterKeySecretArn",
            "PlaybackMacSecretArn",
            "PathMacSecretArn",
            "SessionMacSecretArn",
            "LinkMacSecretArn",
            "ShareMacSecretArn",
            "WebhookMacSecretArn",
            "FactorSecretArn",
        ] {
            let sdk = vault_tests::sdk::sdk();
            let text = vault_aws::secrets::secret(&sdk.secrets(), cloud.output(name))
                .await
                .unwrap();
            let ring = vault_crypto::Keyring::parse(&text).unwrap();
            assert_eq!(ring.current(), "1", "{name}");
        }
        let sdk = vault_tests::sdk::sdk();
        let missing = vault_aws::secrets::secret(&sdk.secrets(), "no-such-secret").await;
        assert!(missing.is_err());
    }
}
