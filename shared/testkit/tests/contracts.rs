//! The fakes keep the contracts that the real adapters are held to.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vault_testkit::Kit;
use vault_testkit::cloud::{fetcher, order_receiver, putter, receiver};
use vault_testkit::contract::{self, KeyStores, PlaylistStores, Viewers};

/// Stores that hold something already, and more with each suite.
fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_playback();
    kit
}

fn viewers(kit: &Kit) -> Viewers<'_> {
    Viewers {
        directory: &*kit.cloud,
        sessions: &*kit.cloud,
    }
}

const SEEDS: [u64; 3] = [1, 2, 0xdead_beef];

#[tokio::test]
async fn directory() {
    let kit = kit();
    for seed in SEEDS {
        contract::directory_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn limits() {
    let kit = kit();
    for seed in SEEDS {
        contract::limits_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn sessions() {
    let kit = kit();
    for seed in SEEDS {
        contract::sessions_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn factors() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::factors_contract(&*kit.cloud, &*kit.cloud, seed).await;
        contract::ceremonies_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn accounts() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::accounts_contract(&*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn access() {
    let kit = kit();
    for seed in SEEDS {
        let stores = contract::AccessStores {
            assets: &*kit.cloud,
            directory: &*kit.cloud,
            standings: &*kit.cloud,
            library: &*kit.cloud,
            containers: &*kit.cloud,
            changes: &*kit.cloud,
            groups: &*kit.cloud,
        };
        contract::access_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn library() {
    let kit = kit();
    for seed in SEEDS {
        let stores = contract::LibraryStores {
            assets: &*kit.cloud,
            library: &*kit.cloud,
        };
        contract::library_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn audit() {
    let kit = kit();
    let cloud = &kit.cloud;
    let written = Arc::clone(cloud);
    let write = move |record| -> BoxFuture<'static, ()> {
        written.with(|s| s.audit.push(record));
        Box::pin(std::future::ready(()))
    };
    let stores = contract::AuditStores {
        log: &**cloud,
        chain: &**cloud,
        exports: &**cloud,
        write: &write,
    };
    let archived = Arc::clone(cloud);
    let fetch = move |key: String| -> BoxFuture<'static, Option<String>> {
        let found = archived.with(|s| s.chains.archive.get(&key).cloned());
        Box::pin(std::future::ready(found))
    };
    for seed in SEEDS {
        contract::audit_contract(stores, seed).await;
        contract::audit_contract_of_many(stores, seed.wrapping_add(10)).await;
        contract::audit_archive_contract(&**cloud, &fetch, seed).await;
    }
}

#[tokio::test]
async fn standings() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        contract::standings_contract(cloud, cloud, cloud, seed).await;
    }
}

#[tokio::test]
async fn spread() {
    let kit = kit();
    kit.faults.interleave(true);
    let cloud = &*kit.cloud;
    let stores = contract::SpreadStores {
        views: cloud,
        grants: cloud,
        leases: cloud,
        trails: cloud,
        rules: cloud,
        standings: cloud,
        directory: cloud,
        sessions: cloud,
    };
    for seed in SEEDS {
        contract::spread_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn clients() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        contract::clients_contract(cloud, seed).await;
        contract::client_standings_contract(cloud, cloud, seed).await;
    }
}

#[tokio::test]
async fn organisations() {
    let kit = kit();
    for seed in SEEDS {
        contract::organisations_contract(&*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn erasures() {
    let kit = kit();
    for seed in SEEDS {
        let stores = contract::ErasureStores {
            erasures: &*kit.cloud,
            directory: &*kit.cloud,
            factors: &*kit.cloud,
            sessions: &*kit.cloud,
        };
        contract::erasures_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn inviting() {
    let kit = kit();
    for seed in SEEDS {
        contract::inviting_contract(&*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn assets() {
    let kit = kit();
    for seed in SEEDS {
        contract::assets_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn subtitles() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::subtitles_contract(&*kit.cloud, &*kit.cloud, &*kit.cloud, seed).await;
        contract::text_files_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn ladders() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::ladders_contract(&*kit.cloud, &*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn previews() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::previews_contract(&*kit.cloud, &*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn grants_and_views() {
    let (kit, seeds) = (kit(), SEEDS);
    kit.faults.interleave(true);
    for seed in seeds {
        contract::views_contract(&*kit.cloud, &*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn bounds() {
    let kit = kit();
    kit.faults.interleave(true);
    let (views, grants, leases) = (&*kit.cloud, &*kit.cloud, &*kit.cloud);
    for seed in SEEDS {
        let stores = contract::BoundStores {
            views,
            grants,
            leases,
        };
        contract::bounds_contract(stores, seed).await;
    }
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn refreshes_of_views() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::refreshes_contract(&*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn downloads() {
    let (kit, seeds) = (kit(), SEEDS);
    kit.faults.interleave(true);
    for seed in seeds {
        contract::downloads_contract(&*kit.cloud, &*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn playlist_reads() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        let stores = PlaylistStores {
            viewers: viewers(&kit),
            views: cloud,
            grants: cloud,
            assets: cloud,
        };
        contract::playlist_reads_contract(cloud, stores, seed).await;
    }
}

#[tokio::test]
async fn content_keys() {
    let kit = kit();
    for seed in SEEDS {
        contract::content_keys_contract(&*kit.cloud, &*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn rewraps() {
    for seed in SEEDS {
        let kit = Kit::new(seed);
        let (keys, erasure) = (&*kit.cloud as _, &*kit.cloud as _);
        let stores = contract::RewrapStores { keys, erasure };
        contract::rewraps_contract(&*kit.cloud, stores, seed).await;
    }
}

#[tokio::test]
async fn secret_versions() {
    let (kit, kind) = (kit(), vault_domain::rotation::Kind::PlaybackMac);
    kit.plant_secret(kind);
    let arn = vault_testkit::rotation::secret_arn(kind);
    let text = kit.cloud.with(|s| {
        let mut texts = s.secrets[&arn].versions.values();
        texts.next().cloned().unwrap()
    });
    contract::secret_versions_contract(&*kit.cloud, (&arn, &text)).await;
}

#[tokio::test]
async fn key_reads() {
    let kit = kit();
    let stores = KeyStores {
        assets: &*kit.cloud,
        keys: &*kit.cloud,
        grants: &*kit.cloud,
        views: &*kit.cloud,
        viewers: viewers(&kit),
    };
    for seed in SEEDS {
        contract::key_reads_contract(&*kit.cloud, stores, seed).await;
    }
}

#[tokio::test]
async fn uploads() {
    let kit = kit();
    let put = putter(&kit.cloud);
    contract::uploads_contract(&*kit.cloud, &put, 1).await;
}

#[tokio::test]
async fn media() {
    let kit = kit();
    let fetch = fetcher(&kit.cloud);
    for seed in SEEDS {
        contract::media_contract(&*kit.cloud, &*kit.cloud, &fetch, seed).await;
    }
}

#[tokio::test]
async fn preview_files() {
    let kit = kit();
    let (cloud, fetch) = (&*kit.cloud, fetcher(&kit.cloud));
    for seed in SEEDS {
        contract::preview_files_contract((cloud, cloud), cloud, &fetch, seed).await;
    }
}

#[tokio::test]
async fn deletion() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        let stores = contract::DeletionStores {
            assets: cloud,
            library: cloud,
            deletions: cloud,
            dues: cloud,
            erasures: cloud,
            retentions: cloud,
            rules: cloud,
            directory: cloud,
        };
        contract::deletion_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn reopenings() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        contract::reopenings_contract(cloud, cloud, cloud, seed).await;
    }
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn scans() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        let stores = contract::ScanStores {
            scans: cloud,
            assets: cloud,
            reopenings: cloud,
            dues: cloud,
        };
        contract::scans_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn usage() {
    let kit = kit();
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        let stores = contract::UsageStores {
            assets: cloud,
            usages: cloud,
            quotas: cloud,
            abandonments: cloud,
            deletions: cloud,
            erasures: cloud,
            dues: cloud,
            directory: cloud,
        };
        contract::usage_contract(stores, seed).await;
    }
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn erasure() {
    let kit = kit();
    let (fetch, put, cloud) = (fetcher(&kit.cloud), putter(&kit.cloud), &*kit.cloud);
    for seed in SEEDS {
        contract::key_erasure_contract(cloud, cloud, seed).await;
        contract::media_erasure_contract(cloud, cloud, (cloud, &fetch), seed).await;
        contract::source_erasure_contract((cloud, cloud), (cloud, &put), seed).await;
    }
}

#[tokio::test]
async fn distribution() {
    let kit = kit();
    for seed in SEEDS {
        contract::distribution_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn mail_queue() {
    let kit = kit();
    let receive = receiver(&kit.cloud);
    for seed in SEEDS {
        contract::mail_queue_contract(&*kit.cloud, &receive, seed).await;
    }
}

#[tokio::test]
async fn webhooks() {
    let kit = kit();
    kit.plant_webhook(|_| ());
    kit.faults.interleave(true);
    for seed in SEEDS {
        let stores = contract::WebhookStores {
            webhooks: &*kit.cloud,
            deliveries: &*kit.cloud,
        };
        contract::webhooks_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn webhook_queue() {
    let kit = kit();
    let receive = order_receiver(&kit.cloud);
    for seed in SEEDS {
        contract::webhook_queue_contract(&*kit.cloud, &receive, seed).await;
    }
}

#[tokio::test]
async fn invitations() {
    let kit = kit();
    for seed in SEEDS {
        contract::invitations_contract(&*kit.cloud, seed).await;
    }
}

#[tokio::test]
async fn links() {
    let kit = kit();
    for seed in SEEDS {
        contract::links_contract(link_stores(&kit), seed).await;
    }
}

#[tokio::test]
async fn recovery() {
    let kit = kit();
    kit.faults.interleave(true);
    for seed in SEEDS {
        contract::recovery_contract(link_stores(&kit), seed).await;
    }
}

fn link_stores(kit: &Kit) -> contract::LinkStores<'_> {
    let cloud = &*kit.cloud;
    contract::LinkStores {
        links: cloud,
        recovery: cloud,
        invitations: cloud,
        directory: cloud,
    }
}

#[tokio::test]
async fn shares() {
    let kit = kit();
    kit.faults.interleave(true);
    let cloud = &*kit.cloud;
    for seed in SEEDS {
        let stores = contract::ShareStores {
            shares: cloud,
            erasure: cloud,
            exchanges: cloud,
            views: cloud,
            standings: cloud,
            assets: cloud,
        };
        contract::shares_contract(stores, seed).await;
    }
}

#[tokio::test]
async fn support() {
    let kit = kit();
    let cloud = &kit.cloud;
    let read = |operator| -> Arc<dyn vault_domain::ports::Standings> {
        cloud.with(|s| s.operator = Some(operator));
        Arc::clone(cloud) as _
    };
    for seed in SEEDS {
        let stores = contract::SupportStores {
            supports: &**cloud,
            entries: &**cloud,
            directory: &**cloud,
            sessions: &**cloud,
            standings: &read,
        };
        contract::support_contract(stores, seed).await;
    }
}
