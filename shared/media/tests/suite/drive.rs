//! Drives the packager in memory and on disk, for the tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use vault_domain::packaging::{
    Extent, Guide, Iv, PackageFault, PackagePlan, PackagerFactory as _, Packaging, Presentation,
    SegmentInfo, Step, Stream,
};
use vault_domain::secret::ContentKey;
use vault_media::HlsPackagers;

pub(crate) const PLAN: PackagePlan = PackagePlan {
    segment_ms: 6000,
    segments_per_key: 2,
};

/// Everything that came out, and what it cost.
pub(crate) struct Packaged {
    pub(crate) told: Presentation,
    /// What was told of it before its first key.
    extent: Option<Extent>,
    /// Of the main stream.
    pub(crate) segments: Vec<Vec<u8>>,
    /// Of the others.
    pub(crate) others: BTreeMap<Stream, Vec<Vec<u8>>>,
    pub(crate) reads: u64,
    pub(crate) read_bytes: u64,
}

/// The tests' key of a period, and IV of a segment: known, and different each time.
pub(crate) fn key(period: u32) -> [u8; 16] {
    (u128::MAX / 3 + u128::from(period)).to_be_bytes()
}

pub(crate) fn iv(stream: Stream, segment: u32) -> Iv {
    let stream: u128 = match stream {
        Stream::Main | Stream::Variant(_) | Stream::Text(_) => 0,
        Stream::Audio(number) => 1000 + u128::from(number),
        Stream::Subtitles(number) => 2000 + u128::from(number),
    };
    Iv((u128::MAX / 7 + (stream << 64) + u128::from(segment) * 12345).to_be_bytes())
}

/// Packages a film in memory, and what its index says of it is what comes out.
pub(crate) fn package(film: &[u8], plan: PackagePlan) -> Result<Packaged, PackageFault> {
    let packaged = attempt(film, plan)?;
    assert_eq!(packaged.extent, Some(packaged.told.extent()));
    Ok(packaged)
}

/// Packages what may be no film in memory, holding the machine to its protocol.
pub(crate) fn attempt(film: &[u8], plan: PackagePlan) -> Result<Packaged, PackageFault> {
    let machine = HlsPackagers.start(film.len() as u64, plan);
    driven(machine, film, |segment| {
        segment / plan.segments_per_key.max(1)
    })
}

/// Packages a variant of a film as the film was.
pub(crate) fn follow(variant: &[u8], film: &Presentation) -> Result<Packaged, PackageFault> {
    let guide = Guide::of(film).expect("a clock");
    let machine = HlsPackagers.follow(variant.len() as u64, guide);
    driven(machine, variant, |segment| {
        film.segments[segment as usize].period
    })
}

fn driven(
    mut machine: Box<dyn Packaging>,
    film: &[u8],
    period_of: impl Fn(u32) -> u32,
) -> Result<Packaged, PackageFault> {
    let (mut reads, mut read_bytes, mut last_period) = (0, 0, 0);
    let mut streams: BTreeMap<Stream, Vec<Vec<u8>>> = BTreeMap::new();
    let mut keyed = std::collections::VecDeque::new();
    let mut extent = None;
    for _ in 0..200_000 {
        match machine.step()? {
            Step::Read { offset, len } => {
                let start = usize::try_from(offset).expect("an offset in memory");
                let range = film.get(start..start + len);
                assert!(len > 0, "an empty read");
                reads += 1;
                read_bytes += len as u64;
                machine.source(range.expect("reads stay inside the file"));
            }
            Step::NeedKey {
                stream,
                segment,
                period,
            } => {
                extent = extent.or_else(|| machine.extent());
                assert!(extent.is_some(), "told before the first key");
                assert_eq!(segment as usize, streams.entry(stream).or_default().len());
                assert_eq!(period, period_of(segment));
                assert!(period >= last_period, "a period that is over is over");
                last_period = period;
                keyed.push_back((stream, segment));
                machine.begin_segment(&ContentKey::new(key(period)), iv(stream, segment));
            }
            Step::Segment(segment) => {
                let own = streams.entry(segment.stream).or_default();
                assert_eq!(segment.number as usize, own.len());
                assert_eq!(keyed.pop_front(), Some((segment.stream, segment.number)));
                own.push(segment.ciphertext);
            }
            Step::Done(told) => {
                for (stream, told) in told.streams() {
                    check_account(stream, told, streams.get(&stream).map_or(&[], |own| own));
                }
                assert_eq!(told.streams().count(), streams.len());
                assert!(told.average_bandwidth <= told.peak_bandwidth);
                return Ok(Packaged {
                    told,
                    extent,
                    segments: streams.remove(&Stream::Main).unwrap_or_default(),
                    others: streams,
                    reads,
                    read_bytes,
                });
            }
        }
    }
    panic!("the machine does not come to an end");
}

fn check_account(stream: Stream, told: &[SegmentInfo], segments: &[Vec<u8>]) {
    assert_eq!(told.len(), segments.len());
    for (number, (info, bytes)) in (0..).zip(told.iter().zip(segments)) {
        let own = (bytes.len() as u64, iv(stream, number));
        assert_eq!((info.bytes, info.iv), own);
        assert!(info.ticks > 0);
    }
}

impl Packaged {
    /// What is behind the ciphertext of the main stream.
    pub(crate) fn plain(&self) -> Vec<Vec<u8>> {
        self.opened(Stream::Main)
    }

    fn sealed(&self, stream: Stream) -> (&[SegmentInfo], &[Vec<u8>]) {
        let told = self.told.segments_of(stream).expect("a stream");
        match stream {
            Stream::Main => (told, &self.segments),
            other => (told, &self.others[&other]),
        }
    }

    /// What is behind the ciphertext of a stream.
    pub(crate) fn opened(&self, stream: Stream) -> Vec<Vec<u8>> {
        let open = |(info, sealed): (&SegmentInfo, &Vec<u8>)| {
            let key = UnboundCipherKey::new(&AES_128, &key(info.period)).expect("a key");
            let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("a key");
            let mut sealed = sealed.clone();
            let context = DecryptionContext::Iv128(FixedLength::from(info.iv.0));
            key.decrypt(&mut sealed, context)
                .expect("sound padding")
                .to_vec()
        };
        let (told, sealed) = self.sealed(stream);
        told.iter().zip(sealed).map(open).collect()
    }

    pub(crate) fn seconds(&self) -> f64 {
        let ticks: u64 = self.told.segments.iter().map(|s| s.ticks).sum();
        f64::from(u32::try_from(ticks).expect("a short film")) / 90_000.0
    }

    /// Writes keys, segments and playlist of the main stream as a player would fetch them.
    pub(crate) fn write(&self, name: &str) -> PathBuf {
        self.write_stream(Stream::Main, name)
    }

    /// The same of any stream.
    pub(crate) fn write_stream(&self, stream: Stream, name: &str) -> PathBuf {
        let dir = scratch(name);
        let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:60\n".to_owned();
        text.push_str("#EXT-X-PLAYLIST-TYPE:VOD\n");
        let (told, sealed) = self.sealed(stream);
        for (number, (info, bytes)) in told.iter().zip(sealed).enumerate() {
            let period = info.period;
            std::fs::write(dir.join(format!("{period}.key")), key(period)).expect("written");
            std::fs::write(dir.join(format!("{number}.ts")), bytes).expect("written");
            let iv = u128::from_be_bytes(info.iv.0);
            let seconds = f64::from(u32::try_from(info.ticks).expect("short")) / 90_000.0;
            writeln!(
                text,
                "#EXT-X-KEY:METHOD=AES-128,URI=\"{period}.key\",IV=0x{iv:032x}\n#EXTINF:{seconds:.6},\n{number}.ts"
            )
            .expect("written");
        }
        text.push_str("#EXT-X-ENDLIST\n");
        let playlist = dir.join("index.m3u8");
        std::fs::write(&playlist, text).expect("written");
        playlist
    }
}

/// An empty directory for one test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a directory");
    dir
}

/// The real clip.
pub(crate) fn clip_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/media/bigbuckbunny.mp4")
}

pub(crate) fn clip() -> Vec<u8> {
    std::fs::read(clip_path()).expect("the clip of the repository")
}
