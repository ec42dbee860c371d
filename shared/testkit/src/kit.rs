//! One small world: the fake cloud, the fakes of everything else, and the `Deps` of every use case over them.

use std::sync::Arc;

use vault_domain::api_key::ApiKey;
use vault_domain::asset::{Asset, AssetState, NewAsset, manifest_key, segment_key};
use vault_domain::credential::{Role, User};
use vault_domain::download::Download;
use vault_domain::link::{Link, LinkRequest, LinkToken, Purpose};
use vault_domain::packaging::PackagePlan;
use vault_domain::ports::{
    Hashing as _, KeyWrap as _, LinkTokens as _, PreviewPlace, PreviewSeal as _,
    RefreshTokens as _, Tickets as _,
};
use vault_domain::preview::{self, Board, PreviewPlan, PreviewState, Previews, preview_key};
use vault_domain::secret::{ContentKey, SecretText};
use vault_domain::token::{Grant, MediaToken};

use crate::builders;
use crate::challenge::FakeChallenge;
use crate::clock::FixedClock;
use crate::cloud::{FakeCloud, KeptLink};
use crate::crypto::{
    FakeAccessTokens, FakeDeviceTokens, FakeHasher, FakeHashing, FakeKeyWrap, FakeLoginChallenges,
    FakePathTokens, FakePreviewSeal, FakeRefreshTokens, FakeTickets, FakeUrlSigner, Ledger, Shared,
};
use crate::entropy::SeededEntropy;
use crate::factor::{FakeQr, FakeSealing, FakeTotp};
use crate::fault::Faults;
use crate::link::{FakeLinkTokens, FakePolicy};
use crate::packager::ScriptedPackager;
use crate::passkey::FakePasskeys;
use crate::share::FakeShareTokens;
use crate::webhook::FakeWebhookSecrets;
use crate::workshop::{FakeWorkshop, crafted};

/// The content key that [`Kit::plant_ready`] wraps.
pub const GOLDEN_KEY: [u8; 16] = *b"a golden key 16.";

/// The world of one test.
pub struct Kit {
    /// The plan of faults and the log of calls.
    pub faults: Arc<Faults>,
    /// The secrets that were handed out.
    pub ledger: Arc<Ledger>,
    /// The time.
    pub clock: Arc<FixedClock>,
    /// Randomness.
    pub entropy: Arc<SeededEntropy>,
    /// All stores and services.
    pub cloud: Arc<FakeCloud>,
    /// The password hasher.
    pub hasher: Arc<FakeHasher>,
    /// SHA-256.
    pub hashing: Arc<FakeHashing>,
    /// Access tokens, made and verified.
    pub access: Arc<FakeAccessTokens>,
    /// Refresh tokens.
    pub refresh_tokens: Arc<FakeRefreshTokens>,
    /// Tokens of known devices.
    pub devices: Arc<FakeDeviceTokens>,
    /// The challenge of those who try too often.
    pub challenge: Arc<FakeChallenge>,
    /// Tokens of one-time links.
    pub link_tokens: Arc<FakeLinkTokens>,
    /// Tokens of the links of shares.
    pub share_tokens: Arc<FakeShareTokens>,
    /// The secrets of webhooks.
    pub webhook_secrets: Arc<FakeWebhookSecrets>,
    /// The judge of new passwords.
    pub policy: Arc<FakePolicy>,
    /// What stands between password and second factor.
    pub challenges: Arc<FakeLoginChallenges>,
    /// The codes of authenticator apps.
    pub totp: Arc<FakeTotp>,
    /// The sealing of their secrets.
    pub sealing: Arc<FakeSealing>,
    /// The drawing of QR codes.
    pub qr: Arc<FakeQr>,
    /// The relying party of passkeys.
    pub passkeys: Arc<FakePasskeys>,
    /// Playback tickets.
    pub tickets: Arc<FakeTickets>,
    /// What refreshes views.
    pub refreshes: Arc<FakeTickets>,
    /// Tokens that stand in paths.
    pub path_tokens: Arc<FakePathTokens>,
    /// The signer of URLs.
    pub signer: Arc<FakeUrlSigner>,
    /// The wrapping of content keys.
    pub wrap: Arc<FakeKeyWrap>,
    /// The sealing of previews.
    pub seal: Arc<FakePreviewSeal>,
    /// The packager.
    pub packager: Arc<ScriptedPackager>,
    /// The workshop.
    pub workshop: Arc<FakeWorkshop>,
    /// How films are cut: two segments a key, so that a golden film has two periods.
    pub plan: PackagePlan,
}

impl Kit {
    /// An empty world of a seed.
    pub fn new(seed: u64) -> Self {
        let shared = Shared::default();
        let faults = Arc::clone(&shared.faults);
        let clock: Arc<FixedClock> = Arc::default();
        Self {
            clock: Arc::clone(&clock),
            entropy: Arc::new(SeededEntropy::with_faults(seed, Arc::clone(&faults))),
            cloud: Arc::new(FakeCloud::new(Arc::clone(&faults))),
            hasher: Arc::new(FakeHasher::new(shared.clone())),
            hashing: Arc::default(),
            access: Arc::new(FakeAccessTokens(shared.clone())),
            refresh_tokens: Arc::new(FakeRefreshTokens(shared.clone())),
            devices: Arc::new(FakeDeviceTokens(shared.clone())),
            challenge: Arc::new(FakeChallenge::new(shared.clone())),
            link_tokens: Arc::new(FakeLinkTokens(shared.clone())),
            share_tokens: Arc::new(FakeShareTokens(shared.clone())),
            webhook_secrets: Arc::new(FakeWebhookSecrets(shared.clone())),
            policy: Arc::default(),
            challenges: Arc::new(FakeLoginChallenges(shared.clone())),
            totp: Arc::new(FakeTotp(shared.clone())),
            sealing: Arc::new(FakeSealing(shared.clone())),
            qr: Arc::new(FakeQr(shared.clone())),
            passkeys: Arc::default(),
            tickets: Arc::new(FakeTickets(shared.clone(), "ticket")),
            refreshes: Arc::new(FakeTickets(shared.clone(), "playback refresh")),
            path_tokens: Arc::new(FakePathTokens(shared.clone())),
            signer: Arc::new(FakeUrlSigner(shared.clone())),
            wrap: Arc::new(FakeKeyWrap(shared.clone())),
            seal: Arc::new(FakePreviewSeal(shared.clone())),
            packager: Arc::default(),
            workshop: Arc::new(FakeWorkshop::new(clock, Arc::clone(&faults))),
            plan: PackagePlan {
                segment_ms: 6_000,
                segments_per_key: 2,
            },
            ledger: shared.ledger,
            faults,
        }
    }

    /// A world with the golden owner and viewer in it, both signed in.
    pub fn with_users(seed: u64) -> Self {
        let kit = Self::new(seed);
        kit.plant_member(builders::user(), Role::Owner);
        kit.plant_member(builders::viewer(), Role::Viewer);
        kit.plant_session();
        let viewer = builders::viewer_session();
        kit.cloud.with(|s| {
            s.organisations
                .insert(builders::ORG, builders::organisation());
            s.sessions.insert(viewer.id, viewer);
        });
        kit
    }

    /// Plants a member of the golden organisation.
    pub fn plant_member(&self, user: User, role: Role) {
        let id = user.id;
        self.cloud.with(|s| {
            s.users.insert(id, user);
            s.accounts.insert(id, builders::account(id));
            let place = builders::membership(id, role);
            s.memberships.insert((builders::ORG, id), place);
        });
    }

    /// Plants the owner's login session; its refresh token.
    pub fn plant_session(&self) -> SecretText {
        let refresh = self.golden_refresh_token();
        let session = builders::session(refresh.expose());
        self.cloud.with(|s| s.sessions.insert(session.id, session));
        refresh
    }

    /// The refresh token that [`Kit::plant_session`] planted, again.
    pub fn golden_refresh_token(&self) -> SecretText {
        self.refresh_tokens.issue(&builders::refresh_claims())
    }

    /// Plants the golden API key, whose secret is number 1.
    pub fn plant_client(&self, change: impl FnOnce(&mut ApiKey)) -> ApiKey {
        let mut key = builders::api_key();
        change(&mut key);
        let secret = builders::api_key_secret(key.id, 1);
        self.ledger.note(secret.expose().as_bytes());
        self.cloud.with(|s| s.clients.insert(key.id, key.clone()));
        key
    }

    /// Plants a link that works for half an hour; its token.
    pub fn plant_link(&self, request: LinkRequest, purpose: Purpose) -> LinkToken {
        let token = self.link_tokens.token(&request);
        let digest = self.hashing.sha256(token.secret().expose().as_bytes());
        let link = Link {
            purpose,
            expires_at: builders::GOLDEN_END_OF_LINKS,
        };
        self.cloud.with(|s| {
            if let Purpose::Reset { user, .. } = &link.purpose {
                s.resets.insert(*user, digest);
            }
            s.links.insert(digest.0, KeptLink { link, used: false });
        });
        token
    }

    /// Plants the owner's link to reset their password; its token.
    pub fn plant_reset(&self) -> LinkToken {
        let purpose = Purpose::Reset {
            user: builders::OWNER,
            email: builders::email(builders::EMAIL),
        };
        self.plant_link(builders::RESET, purpose)
    }

    /// Plants the link that verifies the owner's address; its token.
    pub fn plant_verification(&self) -> LinkToken {
        let purpose = Purpose::Verify {
            user: builders::OWNER,
            email: builders::email(builders::EMAIL),
        };
        self.plant_link(builders::VERIFY, purpose)
    }

    /// Plants an invitation of an address and its link; the link's token.
    pub fn plant_invitation(&self, to: &str) -> LinkToken {
        let invitation = builders::invitation(to);
        let (org, id, attempt) = (invitation.org, invitation.id, invitation.attempt);
        self.cloud
            .with(|s| s.invitations.insert((org, id), invitation));
        let purpose = Purpose::Invitation {
            org,
            invitation: id,
            attempt,
        };
        self.plant_link(LinkRequest::Invitation(id, attempt), purpose)
    }

    /// Plants an asset as it is.
    pub fn plant(&self, asset: Asset) {
        self.cloud.with(|s| s.plant(asset));
    }

    /// Changes the golden asset where it is planted.
    pub fn change_asset(&self, act: impl FnOnce(&mut Asset)) {
        let asset = self.cloud.with(|s| s.assets.get(&builders::ASSET).cloned());
        let mut asset = asset.expect("the golden asset is planted");
        act(&mut asset);
        self.plant(asset);
    }

    /// Plants an asset that is uploading, with its whole object arrived.
    pub fn plant_arrived(&self, new: NewAsset, film: Vec<u8>) {
        self.cloud.plant_source(&new, film);
        self.plant(builders::announced(new));
    }

    /// Plants an asset that is uploading in parts, with all its parts arrived.
    pub fn plant_parts(&self, new: &NewAsset, film: &[u8]) {
        let step = usize::try_from(new.plan.part_size).unwrap_or(usize::MAX);
        let multipart = self.cloud.with(|s| {
            let id = s
                .uploads
                .begin(&vault_domain::asset::source_key(new.org, new.id));
            if let Some(upload) = s.uploads.multiparts.get_mut(&id) {
                let parts = film
                    .chunks(step)
                    .map(|c| crate::cloud::Object::new(c.to_vec()));
                upload.parts = (1..).zip(parts).collect();
            }
            id
        });
        self.plant(Asset {
            multipart: Some(multipart),
            ..builders::announced(new.clone())
        });
    }

    /// Plants the golden film, ready to be watched: manifest, two segments, one key.
    pub fn plant_ready(&self) {
        let (asset, package) = (builders::ASSET, builders::PACKAGE);
        self.plant(builders::asset(AssetState::Ready));
        let key = ContentKey::new(GOLDEN_KEY);
        let nonce = [9; 12];
        let wrapped = self.wrap.wrap(&key, asset, builders::KEY, package, nonce);
        let wrapped = wrapped.expect("no fault is planned while a world is built");
        self.cloud.with(|s| {
            s.keys.insert((asset, builders::KEY), wrapped);
            let manifest = builders::manifest();
            s.manifests
                .insert(manifest_key(asset, package, None), manifest);
            for number in 0..2 {
                let segment = segment_key(
                    asset,
                    package,
                    vault_domain::packaging::Stream::Main,
                    number,
                );
                s.segments.insert(segment, vec![7; 192]);
            }
        });
    }

    /// Plants the previews of the golden film: a poster, a storyboard of one sheet, a waveform.
    pub fn plant_previews(&self) {
        let (asset, run) = (builders::ASSET, builders::PREVIEW_RUN);
        let (id, nonce) = (builders::PREVIEW_KEY, [8; 12]);
        let none_planned = "no fault is planned while a world is built";
        let key = ContentKey::new(*b"of previews only");
        let wrapped = self.wrap.wrap(&key, asset, id, run, nonce);
        let plan = PreviewPlan {
            pictures: Some(Board::of(12_000)),
            key_frames: false,
            sound: true,
        };
        let made = preview::checked(&plan, crafted(&plan), (run, id));
        let (set, files) = made.expect("they are as they should be");
        self.change_asset(|asset| {
            asset.previews = Some(Previews {
                attempt: 1,
                runs: Vec::new(),
                state: PreviewState::Ready(set),
            });
        });
        self.cloud.with(|s| {
            s.keys.insert((asset, id), wrapped.expect(none_planned));
            for (name, octets) in files {
                let place = PreviewPlace { asset, run, name };
                let sealed = self.seal.seal(&key, place, nonce, octets);
                let sealed = sealed.expect(none_planned);
                s.segments.insert(preview_key(asset, run, name), sealed);
            }
        });
    }

    /// Plants a media token's grant.
    pub fn plant_grant(&self, token: &MediaToken, change: impl FnOnce(&mut Grant)) -> Grant {
        let mut grant = builders::grant(token);
        change(&mut grant);
        self.cloud
            .with(|s| s.grants.insert(grant.digest.0, grant.clone()));
        grant
    }

    /// Plants the grant of the owner's media token for one download; what is changed of it.
    pub fn plant_download_grant(
        &self,
        token: &MediaToken,
        change: impl FnOnce(&mut Grant),
    ) -> Grant {
        self.plant_grant(token, |grant| {
            *grant = builders::download_grant(token);
            change(grant);
        })
    }

    /// Plants a download of the owner with the media token that was spent on it.
    pub fn plant_downloaded(&self, token: &MediaToken) -> Download {
        let grant = self.plant_download_grant(token, |grant| grant.views = 1);
        let download = Download {
            grant: grant.digest,
            ..builders::download()
        };
        self.cloud
            .with(|s| s.downloads.insert(download.id, download));
        download
    }

    /// Plants the viewer's playback session with its spent view; its ticket.
    pub fn plant_playback(&self) -> SecretText {
        self.plant_grant(&builders::media_token(1), |g| g.views = 1);
        let session = builders::playback();
        let ticket = self.golden_ticket();
        self.cloud.with(|s| s.playbacks.insert(session.id, session));
        ticket
    }

    /// The ticket of the session that [`Kit::plant_playback`] planted, again.
    pub fn golden_ticket(&self) -> SecretText {
        self.tickets.issue(&builders::playback().ticket())
    }

    /// What refreshes that session.
    pub fn golden_refresh(&self) -> SecretText {
        let claims = builders::playback().refresh();
        self.refreshes.issue(&claims.expect("it may be refreshed"))
    }

    /// Leaks of the state, and secrets that it holds as they are.
    pub fn leaks(&self) -> Vec<String> {
        let state = self.cloud.snapshot();
        let mut leaks = state.leaks();
        if state.held(&self.ledger.secrets()).is_some() {
            leaks.push("a plaintext secret in a store".to_owned());
        }
        leaks
    }
}
