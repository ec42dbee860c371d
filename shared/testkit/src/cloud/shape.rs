//! The state without its random names: what two ends that are the same must agree on, and what must
//! never be there at all.

use std::collections::BTreeMap;

use vault_domain::access::Access;
use vault_domain::asset::{Asset, AssetState, Failure};
use vault_domain::audit::{Event, Record};
use vault_domain::deletion::Keeping;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ladder::{VariantId, VariantState};
use vault_domain::preview::PreviewState;
use vault_domain::spread::Watch;

use super::State;

/// Lines about the state, by section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(BTreeMap<&'static str, Vec<String>>);

impl Shape {
    /// Leaves sections out; the caller says why that is harmless.
    #[must_use]
    pub fn without(mut self, sections: &[&str]) -> Self {
        self.0.retain(|name, _| !sections.contains(name));
        self
    }
    /// All lines.
    pub fn lines(&self) -> Vec<String> {
        let sections = self.0.iter();
        sections
            .flat_map(|(name, lines)| lines.iter().map(move |line| format!("{name}: {line}")))
            .collect()
    }
}

/// By which rule a view is looked at, where its keys went, and whether that was a sign: when is no part of it.
fn watched(watch: &Watch) -> String {
    let trail = watch.trail.to_string();
    let places = trail.split(' ').filter_map(|step| step.split('@').next());
    let places: Vec<_> = places.collect();
    let raised = watch.trail.raised().is_some();
    format!("{} at {} raised {raised}", watch.rule, places.join(" "))
}

impl State {
    /// Its shape: `users`, `clients`, `limits`, `sessions`, `grants`, `shares`, `support`, `views`, `downloads`, `assets`, `deletion`, `usage`, `spread`, `access`, `audit`,
    /// `sources`, `multiparts`, `invalidations`, `packagings`, `conversions`, `mail_orders`, `sent`, `chains`, `webhooks`, `health`, `deliveries`, `webhook_orders`.
    /// Mail and messages go at least once: a copy of an order, a mail or a message changes nothing in it.
    pub fn shape(&self) -> Shape {
        let sections: Vec<(&'static str, Vec<String>)> = vec![
            ("users", self.users_shape()),
            ("clients", self.clients_shape()),
            ("invitations", self.invitations_shape()),
            ("links", self.links_shape()),
            ("factors", self.factors_shape()),
            ("ceremonies", self.ceremonies_shape()),
            ("limits", self.limits_shape()),
            ("sessions", self.sessions_shape()),
            ("grants", self.grants_shape()),
            ("shares", self.shares_shape()),
            ("support", self.support_shape()),
            ("views", self.views_shape()),
            ("downloads", self.downloads_shape()),
            (
                "assets",
                self.assets.values().map(|a| self.asset_shape(a)).collect(),
            ),
            ("deletion", self.deletion_shape()),
            ("usage", self.usage_shape()),
            (
                "spread",
                self.spread_rules
                    .iter()
                    .map(|(org, rule)| format!("{org} {rule}"))
                    .collect(),
            ),
            ("access", self.access_shape()),
            ("audit", self.audit_shape()),
            ("sources", self.sources_shape()),
            ("multiparts", self.multiparts_shape()),
            ("invalidations", self.invalidations_shape()),
            ("packagings", self.packagings_shape()),
            ("conversions", self.conversions_shape()),
            ("mail_orders", self.mail_orders_shape()),
            ("sent", self.sent_shape()),
            ("chains", self.chains.lines()),
            ("webhooks", self.webhooks_shape()),
            ("health", self.health_shape()),
            ("deliveries", self.deliveries_shape()),
            ("webhook_orders", self.webhook_orders_shape()),
        ];
        Shape(
            sections
                .into_iter()
                .map(|(name, mut lines)| {
                    lines.sort();
                    (name, lines)
                })
                .collect(),
        )
    }

    fn users_shape(&self) -> Vec<String> {
        let users = self.users.values().map(|u| {
            let places = self.memberships.values().filter(|m| m.user == u.id);
            let places = places.map(|m| {
                let org = self.organisations.get(&m.org);
                let org = org.map(|o| (o.name.as_str(), o.owners, o.require_second_factor));
                format!("{:?} active {} of {org:?}", m.role, m.active)
            });
            let places: Vec<_> = places.collect();
            let account = self.accounts.get(&u.id);
            let account = account.map(|a| (a.active, a.orgs.len(), a.second_factor));
            let (email, verified) = (u.email.as_str(), u.verified);
            format!("{email} verified {verified} account {account:?} {places:?}")
        });
        users.collect()
    }

    fn deletion_shape(&self) -> Vec<String> {
        let kept = self.assets.values();
        let kept = kept.filter(|asset| asset.keeping != Keeping::default());
        let kept = kept.map(|asset| format!("{} {:?}", asset.id(), asset.keeping));
        let stones = self.tombstones.values();
        let stones = stones.map(|stone| format!("{stone:?}"));
        let rules = self.rules.iter();
        let rules = rules.map(|(org, rules)| format!("{org} {rules:?}"));
        let dues = self.dues.iter();
        let dues = dues.map(|((_, duty), at)| format!("{duty:?} due at {}", at.0));
        kept.chain(stones).chain(rules).chain(dues).collect()
    }

    fn usage_shape(&self) -> Vec<String> {
        let tallies = self.tallies.iter();
        let tallies = tallies.map(|(org, tally)| format!("{org} {tally:?}"));
        let waiting = self.waiting.keys();
        let waiting = waiting.map(|org| format!("{org} has uploads"));
        tallies.chain(waiting).collect()
    }

    fn access_shape(&self) -> Vec<String> {
        let entries = |access: &Access| {
            let entries = access.entries.iter();
            let entries = entries.map(|e| format!("{} {}", e.to, e.level.as_str()));
            entries.collect::<Vec<_>>()
        };
        let assets = self
            .assets
            .values()
            .filter(|a| a.access != Access::default());
        let assets = assets.map(|a| {
            let (seen, within) = (a.access.visibility, a.collection.is_some());
            format!("asset {seen:?} within {within} {:?}", entries(&a.access))
        });
        let containers = self.containers.values().map(|c| {
            let (name, seen) = (c.name.as_str(), c.access.visibility);
            let (kind, within) = (c.id.kind().as_str(), c.within.is_some());
            format!(
                "{kind} {name} {seen:?} within {within} {:?}",
                entries(&c.access)
            )
        });
        let groups = self.groups.values();
        let groups = groups.map(|group| format!("group {}", group.name.as_str()));
        let grouped = self.grouped.iter();
        let grouped = grouped.map(|((_, user), of)| format!("{user} in {} groups", of.len()));
        assets
            .chain(containers)
            .chain(groups)
            .chain(grouped)
            .collect()
    }

    /// What was refused is left out: whoever asks again after an answer that was lost is refused again.
    fn audit_shape(&self) -> Vec<String> {
        let kept = self.audit.iter().filter(|r| r.event != Event::AccessDenied);
        let line = |r: &Record| {
            let policies = r.verdict.as_ref().map(|verdict| &verdict.policies);
            format!("{} by {} by {policies:?}", r.event.as_str(), r.author)
        };
        kept.map(line).collect()
    }

    fn clients_shape(&self) -> Vec<String> {
        let line = |key: &vault_domain::api_key::ApiKey| {
            let (name, role, scopes) = (key.name.as_str(), key.role, key.scopes);
            let (overlap, revoked) = (key.previous.map(|(_, until)| until), key.revoked);
            let used = key.last_used.is_some();
            format!("{name} {role:?} {scopes} overlap {overlap:?} used {used} revoked {revoked}")
        };
        self.clients.values().map(line).collect()
    }

    fn limits_shape(&self) -> Vec<String> {
        let limits = self.limits.iter();
        limits
            .map(|(bucket, (taken, _))| format!("{bucket} {taken}"))
            .collect()
    }

    fn sessions_shape(&self) -> Vec<String> {
        let line = |s: &vault_domain::token::Session| {
            format!(
                "of {} generation {} revoked {}",
                s.user, s.generation, s.revoked
            )
        };
        self.sessions.values().map(line).collect()
    }

    fn grants_shape(&self) -> Vec<String> {
        let line = |g: &vault_domain::token::Grant| {
            let (asset, action) = (g.asset, g.action.as_str());
            format!(
                "{asset} {action} {}/{} revoked {}",
                g.views, g.max_views, g.revoked
            )
        };
        self.grants.values().map(line).collect()
    }

    fn views_shape(&self) -> Vec<String> {
        let line = |p: &vault_domain::playback::PlaybackSession| {
            let current = self.assets.get(&p.asset).and_then(|a| a.package) == Some(p.package);
            format!(
                "{} by {} current {current} ended {} {:?}",
                p.asset,
                p.subject.actor(),
                p.has_ended(),
                p.watch.as_ref().map(watched)
            )
        };
        self.playbacks.values().map(line).collect()
    }

    fn downloads_shape(&self) -> Vec<String> {
        let line = |d: &vault_domain::download::Download| {
            let (asset, by) = (d.asset, d.subject.actor());
            format!("{asset} {} by {by}", d.rendition)
        };
        self.downloads.values().map(line).collect()
    }

    fn asset_shape(&self, asset: &Asset) -> String {
        let failure = asset.failure.as_ref().map(|f| f.code.as_str());
        let leased = asset.lease_until.is_some();
        let package = asset
            .package
            .filter(|_| asset.state != AssetState::Failed)
            .map(|package| {
                let keys = self.keys.values().filter(|k| k.package == package).count();
                let prefix = format!("media/{}/{package}/", asset.id());
                let segments = self
                    .segments
                    .keys()
                    .filter(|k| k.starts_with(&prefix))
                    .count();
                let manifest = vault_domain::asset::manifest_key(asset.id(), package, None);
                let manifest = self.manifests.contains_key(&manifest);
                format!("{keys} keys, {segments} segments, manifest {manifest}")
            });
        let (id, state) = (asset.id(), asset.state);
        let version = asset.description.version;
        // Which try it was nobody sees, nor which run has it.
        let variants = asset.ladder.as_ref().map(|ladder| {
            let variant = |v: &vault_domain::ladder::Variant| {
                let (lines, state) = (v.id.lines, v.state.as_str());
                format!("{lines} {state}")
            };
            ladder.iter().map(variant).collect::<Vec<_>>()
        });
        let previews = asset.previews.as_ref().map(|own| own.state.as_str());
        let scan = asset.scan.as_ref().map(|scan| scan.clean);
        let subtitles = Self::subtitles_shape(asset);
        format!(
            "{id} {state} clean {scan:?} reopened {} version {version} failure {failure:?} leased {leased} package {package:?} ladder {variants:?} previews {previews:?} subtitles {subtitles}",
            asset.reopened
        )
    }

    /// Of a file of a variant it does not matter which try it is of.
    fn sources_shape(&self) -> Vec<String> {
        let line = |(key, object): (&String, &super::Object)| {
            let named = || match vault_domain::asset::parse_text_key(key) {
                Some((_, asset, _)) => format!("{asset} subtitles"),
                None => key.clone(),
            };
            let key = file_of(key).map_or_else(named, |(asset, package, id)| {
                format!("{asset} {package} {} lines", id.lines)
            });
            format!("{key} {} {}", object.bytes.len(), object.etag)
        };
        self.uploads.objects.iter().map(line).collect()
    }

    fn multiparts_shape(&self) -> Vec<String> {
        let line = |(id, upload): (&String, &super::Multipart)| {
            let mut assets = self.assets.values();
            let current = assets.any(|a| a.multipart.as_ref() == Some(id));
            format!(
                "{} {} parts, current {current}",
                upload.key,
                upload.parts.len()
            )
        };
        self.uploads.multiparts.iter().map(line).collect()
    }

    fn invalidations_shape(&self) -> Vec<String> {
        let known = self.invalidations.iter();
        known
            .map(|(reference, paths)| format!("{reference} {paths:?}"))
            .collect()
    }

    /// What must never be there once all is over: remains of dead packages, stray multipart uploads, bytes of
    /// refused uploads, views and downloads without a spent view, counts that are not what there is.
    pub fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        let orgs = self.assets.values().map(|asset| asset.announced.org);
        for org in self.tallies.keys().copied().chain(orgs) {
            let (told, there) = (self.tally(org).used, self.counted(org));
            if told != there {
                leaks.push(format!("{org} is said to use {told:?} and uses {there:?}"));
            }
            if there.uploads > 0 && !self.waiting.contains_key(&org) {
                leaks.push(format!("nobody looks at the uploads of {org}"));
            }
        }
        for key in self
            .keys
            .values()
            .filter(|k| !self.lives(k.asset, k.package))
        {
            leaks.push(format!("a key of the dead package {}", key.package));
        }
        for path in self.segments.keys().chain(self.manifests.keys()) {
            if let Some(variant) = variant_of(path)
                && !package_of(path).is_some_and(|(asset, _)| self.is_used(asset, variant))
            {
                leaks.push(format!("{path} of a dead variant"));
            }
            if !package_of(path).is_some_and(|(asset, package)| self.lives(asset, package)) {
                leaks.push(format!("{path} of a dead package"));
            }
        }
        for path in self.uploads.objects.keys() {
            let Some((asset, package, variant)) = file_of(path) else {
                continue;
            };
            if !self.lives(asset, package) || !self.is_used(asset, variant) {
                leaks.push(format!("{path} of a dead variant"));
            }
        }
        leaks.extend(self.stray_texts());
        for (id, upload) in &self.uploads.multiparts {
            if !self
                .assets
                .values()
                .any(|a| a.multipart.as_ref() == Some(id))
            {
                leaks.push(format!("the stray multipart upload {id} of {}", upload.key));
            }
        }
        for stone in self.tombstones.values() {
            let prefix = vault_domain::asset::uploads_prefix(stone.org, stone.id);
            let objects = self.uploads.objects.keys();
            let uploads = self.uploads.multiparts.values().map(|upload| &upload.key);
            let versions = self.noncurrent.iter().map(|(key, _)| key);
            let mut left = objects.chain(uploads).chain(versions);
            let id = stone.id.to_string();
            if left.any(|key| key.starts_with(&prefix) || key.contains(&id)) {
                leaks.push(format!("octets of the erased {id}"));
            }
        }
        for asset in self.assets.values() {
            let lied = asset.failure.as_ref().is_some_and(Failure::empties);
            if lied && self.uploads.objects.contains_key(&asset.source_key()) {
                leaks.push(format!("the refused bytes of {}", asset.id()));
            }
        }
        for grant in self.grants.values() {
            let of_grant = |p: &&vault_domain::playback::PlaybackSession| p.grant == grant.digest;
            let views = self.playbacks.values().filter(of_grant).count();
            let downloads = self.downloads.values();
            let open = views + downloads.filter(|d| d.grant == grant.digest).count();
            if u32::try_from(open) != Ok(grant.views) || grant.views > grant.max_views {
                leaks.push(format!("{open} sessions of {} spent views", grant.views));
            }
        }
        for view in self.places.values().flat_map(|places| places.0.keys()) {
            let lives = self
                .playbacks
                .get(view)
                .is_some_and(|open| !open.has_ended());
            if !lives {
                leaks.push(format!("a place of {view}, which plays no more"));
            }
        }
        for share in self.shares.values() {
            let of_share = self
                .playbacks
                .values()
                .filter(|p| p.subject == share.subject());
            let (open, most) = (of_share.count(), share.max_views);
            let begun = share.first_played.is_some() == (share.views > 0);
            if u32::try_from(open) != Ok(share.views) || !begun {
                leaks.push(format!(
                    "{open} sessions of {} views, of {most:?}",
                    share.views
                ));
            }
        }
        leaks
    }

    /// May this package have keys and segments?
    /// Does a variant play, or is it being made?
    fn is_used(&self, asset: AssetId, id: VariantId) -> bool {
        let asset = self.assets.get(&asset);
        let mut variants = asset
            .and_then(|asset| asset.ladder.iter().flatten().find(|v| v.id == id))
            .into_iter();
        variants.any(|v| {
            matches!(
                v.state,
                VariantState::Ready(_) | VariantState::Coding { .. }
            )
        })
    }

    fn lives(&self, asset: AssetId, package: PackageId) -> bool {
        let Some(asset) = self.assets.get(&asset) else {
            return false;
        };
        let is_run = asset.runs.contains(&package);
        // Of previews too what was published stays, and a run has them for itself until it is over.
        let previewed = asset.previews.as_ref().is_some_and(|own| match &own.state {
            PreviewState::Ready(set) => set.run == package,
            PreviewState::Making { run, .. } => *run == package,
            PreviewState::Waiting | PreviewState::Failed(_) => false,
        });
        if previewed {
            return true;
        }
        match asset.state {
            AssetState::Processing => is_run,
            AssetState::Ready => asset.package == Some(package),
            // Withdrawn after it was published: withdrawal shuts the gate, it does not erase.
            AssetState::Withdrawn => asset.package == Some(package) && !is_run,
            _ => false,
        }
    }

    /// The first of these secrets that some record or object holds as it is.
    pub fn held<'a>(&self, secrets: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
        // In hexadecimal, so that the search is that of the standard library's strings.
        let hay = data_encoding::HEXLOWER.encode(&self.octets());
        let holds = |secret: &&Vec<u8>| hay.contains(&data_encoding::HEXLOWER.encode(secret));
        secrets.iter().filter(|s| !s.is_empty()).find(holds)
    }

    /// Everything in which a secret could be, one after the other.
    fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for user in self.users.values() {
            octets.extend_from_slice(user.hash.0.as_bytes());
        }
        for key in self.clients.values() {
            octets.extend_from_slice(&key.active.0);
            octets.extend_from_slice(key.name.as_str().as_bytes());
        }
        octets.extend(self.factors.values().flat_map(super::factors::octets));
        octets.extend(self.ceremonies.keys().flatten());
        for session in self.sessions.values() {
            octets.extend_from_slice(&session.nonce);
            octets.extend_from_slice(&session.active.0);
        }
        for digest in self.grants.keys().chain(self.links.keys()) {
            octets.extend_from_slice(digest);
        }
        for share in self.shares.values() {
            octets.extend_from_slice(share.name.as_str().as_bytes());
            octets.extend_from_slice(&share.asked.0);
            let hash = share.password.as_ref().map(|hash| hash.0.as_bytes());
            octets.extend_from_slice(hash.unwrap_or_default());
        }
        for key in self.keys.values() {
            octets.extend_from_slice(&key.nonce);
            octets.extend_from_slice(&key.sealed);
        }
        for playback in self.playbacks.values() {
            octets.extend_from_slice(playback.id.to_string().as_bytes());
            octets.extend_from_slice(playback.signature.query().as_bytes());
        }
        for download in self.downloads.values() {
            octets.extend_from_slice(download.id.to_string().as_bytes());
        }
        for segment in self.segments.values() {
            octets.extend_from_slice(segment);
        }
        for manifest in self.manifests.values() {
            octets.extend_from_slice(manifest.keys.concat().as_bytes());
        }
        // Not the mails: a mailbox is where a one-time link belongs.
        octets.extend(self.mail_orders.iter().flat_map(super::mail::octets));
        octets.extend(self.webhooks_octets());
        octets
    }
}

/// What a file to download is of; none of a source.
fn file_of(path: &str) -> Option<(AssetId, PackageId, VariantId)> {
    let (folder, file) = path.split_once("/renditions/")?;
    let (_, asset) = folder.rsplit_once('/')?;
    let mut fields = file.strip_suffix(".mp4")?.split('-');
    let (package, lines, attempt) = (fields.next()?, fields.next()?, fields.next()?);
    let id = VariantId {
        lines: lines.parse().ok()?,
        attempt: attempt.parse().ok()?,
    };
    Some((
        AssetId::parse(asset).ok()?,
        PackageId::parse(package).ok()?,
        id,
    ))
}

/// Asset and package of a key in the media bucket.
fn package_of(path: &str) -> Option<(AssetId, PackageId)> {
    let mut fields = path.split('/').skip(1);
    let asset = AssetId::parse(fields.next()?).ok()?;
    let package = fields.next()?.split('.').next()?;
    Some((asset, PackageId::parse(package).ok()?))
}

/// The variant that an object is of: `…video-{lines}-{attempt}…`; all others are of the film itself.
fn variant_of(path: &str) -> Option<VariantId> {
    let (_, name) = path.split_once("video-")?;
    let mut numbers = name.split(['-', '.']);
    Some(VariantId {
        lines: numbers.next()?.parse().ok()?,
        attempt: numbers.next()?.parse().ok()?,
    })
}
