//! Golden values with sensible defaults; change what a test is about by struct update.
//! [`crate::Sample`] makes the same values with random ids, for stores that are not empty.

use std::hash::{BuildHasher as _, RandomState};

use vault_domain::access::{Access, Kind, Visibility};
use vault_domain::api_key::{ApiKey, ApiKeySecret, KeyRole, Label, Scope, Scopes};
use vault_domain::asset::{
    Asset, AssetState, Checksum, ChecksumAlgorithm, MediaType, NewAsset, PartPlan, Title,
};
use vault_domain::audit::{Author, Details, Event, Record, Source};
use vault_domain::bounds::{Bounds, Visitor};
use vault_domain::credential::{Email, Password, Role, User};
use vault_domain::deletion::Keeping;
use vault_domain::download::{Download, Rendition};
use vault_domain::id::{
    ApiKeyId, AssetId, DownloadId, InvitationId, KeyId, OrgId, PackageId, PlaybackId, RecordId,
    SessionId, UserId,
};
use vault_domain::library::Description;
use vault_domain::link::LinkRequest;
use vault_domain::member::{
    Account, Actor, Invitation, Membership, OrgName, Organisation, Subject,
};
use vault_domain::network::Networks;
use vault_domain::packaging::{Iv, Presentation, SegmentInfo, TICKS_PER_SECOND, Timing};
use vault_domain::playback::{PlaybackSession, UrlSignature};
use vault_domain::ports::{Manifest, NewOwner};
use vault_domain::quota::{Charge, FilmLimits, Quota};
use vault_domain::time::Timestamp;
use vault_domain::token::{
    Action, Caller, Device, Digest, Grant, MediaToken, RefreshClaims, Session,
};
use vault_domain::usecase::access::NewContainer;
use vault_domain::usecase::{Ask, IdempotencyKey, Origin};

use crate::clock::GOLDEN_NOW;
use crate::crypto::{FakeHasher, sha256};
use crate::entropy::SeededEntropy;

/// The golden organisation.
pub const ORG: OrgId = OrgId::from_octets([0x11; 16]);
/// Its owner.
pub const OWNER: UserId = UserId::from_octets([0x21; 16]);
/// A viewer of it.
pub const VIEWER: UserId = UserId::from_octets([0x22; 16]);
/// A film of it.
pub const ASSET: AssetId = AssetId::from_octets([0x31; 16]);
/// The package that its film is served from, once ready.
pub const PACKAGE: PackageId = PackageId::from_octets([0x41; 16]);
/// A login session of the owner.
pub const SESSION: SessionId = SessionId::from_octets([0x51; 16]);
/// A login session of the viewer.
pub const VIEWER_SESSION: SessionId = SessionId::from_octets([0x52; 16]);
/// A playback session of the viewer.
pub const PLAYBACK: PlaybackId = PlaybackId::from_octets([0x61; 16]);
/// A download of the owner.
pub const DOWNLOAD: DownloadId = DownloadId::from_octets([0x62; 16]);
/// The key of the first period of [`PACKAGE`].
pub const KEY: KeyId = KeyId::from_octets([0x71; 16]);
/// The run that made the golden previews.
pub const PREVIEW_RUN: PackageId = PackageId::from_octets([0x42; 16]);
/// The key of the golden previews.
pub const PREVIEW_KEY: KeyId = KeyId::from_octets([0x72; 16]);
/// An invitation into the golden organisation.
pub const INVITATION: InvitationId = InvitationId::from_octets([0x81; 16]);
/// The request for the owner's link to reset their password.
pub const RESET: LinkRequest = LinkRequest::Reset([0x91; 16]);
/// The request for the link that verifies the owner's address.
pub const VERIFY: LinkRequest = LinkRequest::Verify([0x92; 16]);
/// When planted links end.
pub const GOLDEN_END_OF_LINKS: Timestamp = GOLDEN_NOW.plus(1_800);
/// The owner's address.
pub const EMAIL: &str = "ada@example.org";
/// Everyone's password.
pub const PASSWORD: &str = "a golden passphrase";
/// Where media are served.
pub const MEDIA_BASE: &str = "https://media.example.org";

/// An address.
pub fn email(text: &str) -> Email {
    Email::parse(text).expect("a golden address")
}

/// A password as typed.
pub fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).expect("a golden password")
}

/// A name that a client gives to a request.
pub fn idempotency_key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a golden key")
}

/// How the golden organisation's owner proves who they are.
pub fn user() -> User {
    User {
        id: OWNER,
        email: email(EMAIL),
        verified: true,
        hash: FakeHasher::hash_of(PASSWORD),
    }
}

/// A viewer of the golden organisation.
pub fn viewer() -> User {
    User {
        id: VIEWER,
        email: email("vic@example.org"),
        ..user()
    }
}

/// The golden organisation.
pub fn organisation() -> Organisation {
    Organisation {
        id: ORG,
        name: OrgName::parse("Golden").expect("a golden name"),
        owners: 1,
        require_second_factor: false,
        sessions_from: Timestamp(0),
    }
}

/// The account of a member of the golden organisation.
pub fn account(user: UserId) -> Account {
    Account {
        user,
        active: true,
        sessions_from: Timestamp(0),
        orgs: vec![ORG],
        second_factor: false,
    }
}

/// A place in the golden organisation.
pub fn membership(user: UserId, role: Role) -> Membership {
    Membership {
        org: ORG,
        user,
        role,
        active: true,
        since: Timestamp(0),
        sessions_from: Timestamp(0),
    }
}

/// The owner's invitation of an address, as an editor.
pub fn invitation(to: &str) -> Invitation {
    Invitation {
        id: INVITATION,
        org: ORG,
        email: email(to),
        role: Role::Editor,
        attempt: 1,
        expires_at: GOLDEN_NOW.plus(vault_domain::mail::INVITATION_SECONDS),
        invited_by: Actor::User(OWNER),
    }
}

/// Where links lead.
pub fn pages() -> vault_domain::mail::Links {
    vault_domain::mail::Links::parse("https://app.example.org").expect("a golden URL")
}

/// The golden organisation and its owner.
pub fn owner() -> NewOwner {
    NewOwner {
        organisation: organisation(),
        user: user(),
        account: account(OWNER),
        membership: membership(OWNER, Role::Owner),
    }
}

/// The owner, signed in.
pub fn caller() -> Caller {
    Caller {
        subject: Subject::Person {
            user: OWNER,
            session: SESSION,
        },
        org: ORG,
        role: Role::Owner,
        scopes: Scopes::all(),
    }
}

/// An API key of the golden organisation.
pub const CLIENT: ApiKeyId = ApiKeyId::from_octets([0x81; 16]);

/// The secret of a key, by a number.
pub fn api_key_secret(id: ApiKeyId, number: u8) -> ApiKeySecret {
    ApiKeySecret::random(id, &SeededEntropy::new(u64::from(number))).expect("seeds never fail")
}

/// The golden key: an editor's that may play, upload and read, without an end, from everywhere. Its secret is
/// number 1.
pub fn api_key() -> ApiKey {
    let scopes = Scopes::only(Scope::Play).with(Scope::Upload);
    ApiKey {
        id: CLIENT,
        org: ORG,
        name: Label::parse("Nightly import").expect("a golden label"),
        role: KeyRole::Editor,
        scopes: scopes.with(Scope::Read),
        active: Digest(sha256(&[api_key_secret(CLIENT, 1).expose().as_bytes()])),
        previous: None,
        created_by: OWNER,
        created_at: GOLDEN_NOW,
        expires_at: None,
        networks: Networks::everywhere(),
        last_used: None,
        revoked: false,
    }
}

/// The viewer, signed in.
pub const fn viewer_subject() -> Subject {
    Subject::Person {
        user: VIEWER,
        session: VIEWER_SESSION,
    }
}

/// From where everyone signs in.
pub fn origin() -> Origin {
    Origin {
        address: [192, 0, 2, 1].into(),
        device: Device::of("Golden/1.0"),
        request: "req-1".to_owned(),
    }
}

/// Octets of a film that nothing can play.
pub fn film(octets: usize) -> Vec<u8> {
    (0..=250).cycle().take(octets).collect()
}

/// The announcement of these octets in one PUT, with their SHA-256.
pub fn new_asset(film: &[u8]) -> NewAsset {
    NewAsset {
        id: ASSET,
        org: ORG,
        owner: Actor::User(OWNER),
        title: Title::parse("A golden film").expect("a golden title"),
        media_type: MediaType::parse("video/mp4").expect("a golden type"),
        plan: PartPlan::of(film.len() as u64).expect("a golden size"),
        checksum: Some(checksum(ChecksumAlgorithm::Sha256, film)),
        created_at: GOLDEN_NOW,
    }
}

/// The announcement of these octets in parts of `part_size`, with their CRC-64/NVME.
pub fn new_multipart_asset(film: &[u8], part_size: u64) -> NewAsset {
    let size = film.len() as u64;
    let parts = u32::try_from(size.div_ceil(part_size)).expect("a golden plan");
    NewAsset {
        plan: PartPlan {
            size,
            part_size,
            parts,
            multipart: parts > 1,
            checksums: None,
        },
        checksum: Some(checksum(ChecksumAlgorithm::Crc64Nvme, film)),
        ..new_asset(film)
    }
}

/// The checksum of these octets.
pub fn checksum(algorithm: ChecksumAlgorithm, film: &[u8]) -> Checksum {
    Checksum {
        algorithm,
        value: crate::cloud::checksum_of(algorithm, film),
    }
}

/// An asset as it stands right after its announcement.
pub fn announced(new: NewAsset) -> Asset {
    Asset {
        description: Description::of(new.title.clone()),
        charge: Some(Charge::announced(new.plan.size)),
        announced: new,
        state: AssetState::Uploading,
        multipart: None,
        package: None,
        runs: Vec::new(),
        lease_until: None,
        progress: 0,
        failure: None,
        reopened: 0,
        access: Access::default(),
        collection: None,
        views_from: Timestamp(0),
        keeping: Keeping::default(),
        ladder: None,
        previews: None,
        subtitles: vault_domain::subtitles::Subtitles::default(),
        scan: None,
    }
}

/// A record of something, under an id of its own: stores keep records for ever.
pub fn record() -> Record {
    let half = |salt: u8| RandomState::new().hash_one(salt).to_be_bytes();
    let (left, right) = (half(1), half(2));
    let id = std::array::from_fn(|n| if n < 8 { left[n] } else { right[n - 8] });
    Record {
        id: RecordId::from_octets(id),
        org: ORG,
        at: GOLDEN_NOW,
        event: Event::AssetAnnounced,
        author: Author::System,
        target: ASSET.to_string(),
        asset: Some(ASSET),
        verdict: None,
        source: Source::default(),
        details: Details::none(),
    }
}

/// A request of the golden caller.
pub fn ask() -> Ask {
    ask_of(caller())
}

/// A request of a caller, from the golden address.
pub fn ask_of(caller: Caller) -> Ask {
    Ask {
        caller,
        source: source(),
    }
}

/// The golden source of requests.
pub fn source() -> Source {
    Source {
        address: Some([192, 0, 2, 1].into()),
        device: Device::of("Golden"),
        request: "req-1".to_owned(),
    }
}

/// The golden asset in a state; a ready one is served from [`PACKAGE`].
pub fn asset(state: AssetState) -> Asset {
    let new = announced(new_asset(&film(1_000)));
    let charge = new.charge.map(|charge| Charge {
        upload: state == AssetState::Uploading,
        ..charge
    });
    Asset {
        state,
        charge,
        package: (state == AssetState::Ready).then_some(PACKAGE),
        ..new
    }
}

/// How much an organisation may use where the operator did not say otherwise.
pub const QUOTA: Quota = Quota {
    assets: 1_000,
    bytes: 1_000_000_000_000_000,
    minutes: 100_000,
    uploads: 1_000,
    film: FilmLimits {
        bytes: 1_000_000_000_000_000,
        minutes: 1_000,
        long_side: 8_192,
        short_side: 4_320,
    },
};

/// A manifest of two segments and one key period.
pub fn manifest() -> Manifest {
    let segment = |iv| SegmentInfo {
        ticks: 6 * TICKS_PER_SECOND,
        bytes: 192,
        period: 0,
        iv: Iv([iv; 16]),
    };
    Manifest {
        presentation: Presentation {
            codecs: vec!["avc1.64001f".to_owned(), "mp4a.40.2".to_owned()],
            resolution: (1280, 720),
            frame_rate: 25.0,
            peak_bandwidth: 256,
            average_bandwidth: 256,
            segments: vec![segment(1), segment(2)],
            timing: Some(Timing { first: 0, start: 0 }),
            video_range: None,
            renditions: Vec::new(),
        },
        keys: vec![KEY.to_string()],
        converted: false,
        variant: None,
    }
}

/// A media token of a number.
pub fn media_token(number: u8) -> MediaToken {
    MediaToken::random(&SeededEntropy::new(u64::from(number))).expect("seeds never fail")
}

/// What is stored of a media token: one view of the golden film, for five minutes.
pub fn grant(token: &MediaToken) -> Grant {
    Grant {
        digest: Digest(sha256(&[token.expose().as_bytes()])),
        asset: ASSET,
        action: Action::Play,
        subject: viewer_subject(),
        org: ORG,
        max_views: 1,
        views: 0,
        expires_at: GOLDEN_NOW.plus(300),
        revoked: false,
        bounds: Bounds::default(),
        play_until: None,
        device: None,
    }
}

/// Where the requests of [`source`] come from.
pub fn visitor() -> Visitor {
    Visitor {
        address: source().address,
        origin: None,
    }
}

/// What is stored of the owner's media token: one download of the golden film, for five minutes.
pub fn download_grant(token: &MediaToken) -> Grant {
    Grant {
        action: Action::Download,
        subject: caller().subject,
        ..grant(token)
    }
}

/// A download of the owner, by the third media token, for six hours.
pub fn download() -> Download {
    let grant = download_grant(&media_token(3));
    Download {
        id: DOWNLOAD,
        asset: ASSET,
        rendition: Rendition::Original,
        grant: grant.digest,
        subject: grant.subject,
        org: ORG,
        opened_at: GOLDEN_NOW,
        expires_at: GOLDEN_NOW.plus(21_600),
    }
}

/// Seconds after its opening until which a view may be refreshed.
pub const REFRESH_SECONDS: u64 = 43_200;

/// A playback session of the viewer, of the first media token, for an hour.
pub fn playback() -> PlaybackSession {
    PlaybackSession {
        id: PLAYBACK,
        asset: ASSET,
        package: PACKAGE,
        grant: grant(&media_token(1)).digest,
        subject: viewer_subject(),
        org: ORG,
        signature: UrlSignature {
            policy: "UE9MSUNZ".to_owned(),
            signature: "U0lHTkFUVVJF".to_owned(),
            key_pair_id: "KFAKE".to_owned(),
        },
        opened_at: GOLDEN_NOW,
        expires_at: GOLDEN_NOW.plus(3_600),
        revoked: false,
        bounds: Bounds::default(),
        device: None,
        lease: None,
        refresh_until: Some(GOLDEN_NOW.plus(REFRESH_SECONDS)),
        before: None,
        watch: None,
    }
}

/// The claims of the owner's first refresh token.
pub fn refresh_claims() -> RefreshClaims {
    RefreshClaims {
        session: SESSION,
        generation: 1,
        nonce: [0x52; 16],
    }
}

/// A login session of the owner whose active refresh token is this one.
pub fn session(refresh: &str) -> Session {
    let RefreshClaims {
        session,
        generation,
        nonce,
    } = refresh_claims();
    Session {
        id: session,
        user: OWNER,
        org: ORG,
        generation,
        nonce,
        active: Digest(sha256(&[refresh.as_bytes()])),
        parent: None,
        opened_at: GOLDEN_NOW,
        authenticated_at: GOLDEN_NOW,
        rotated_at: GOLDEN_NOW,
        expires_at: GOLDEN_NOW.plus(vault_domain::token::SESSION_SECONDS),
        revoked: false,
        device: origin().device,
        address: origin().address,
        second_factor: false,
    }
}

/// The viewer's login session.
pub fn viewer_session() -> Session {
    Session {
        id: VIEWER_SESSION,
        user: VIEWER,
        ..session("the viewer's refresh token")
    }
}

/// A container that is asked for, in no space.
///
/// # Panics
/// The name is none.
pub fn new_container(kind: Kind, name: &str, visibility: Visibility) -> NewContainer {
    NewContainer {
        kind,
        name: Title::parse(name).expect("a name"),
        visibility,
        space: None,
    }
}
