//! Drives the packager in memory and on disk, for the tests.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use vault_domain::packaging::{
    Iv, PackageFault, PackagePlan, PackagerFactory as _, Presentation, Step,
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
    pub(crate) segments: Vec<Vec<u8>>,
    pub(crate) reads: u64,
    pub(crate) read_bytes: u64,
}

/// The tests' key of a period, and IV of a segment: known, and different each time.
pub(crate) fn key(period: u32) -> [u8; 16] {
    (u128::MAX / 3 + u128::from(period)).to_be_bytes()
}

pub(crate) fn iv(segment: u32) -> Iv {
    Iv((u128::MAX / 7 + u128::from(segment) * 12345).to_be_bytes())
}

/// Packages a film in memory, holding the machine to its protocol.
pub(crate) fn package(film: &[u8], plan: PackagePlan) -> Result<Packaged, PackageFault> {
    let size = film.len() as u64;
    let mut machine = HlsPackagers.start(size, plan);
    let (mut segments, mut reads, mut read_bytes) = (Vec::new(), 0, 0);
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
            Step::NeedKey { segment, period } => {
                assert_eq!(segment as usize, segments.len());
                assert_eq!(period, segment / plan.segments_per_key.max(1));
                machine.begin_segment(&ContentKey::new(key(period)), iv(segment));
            }
            Step::Segment(segment) => {
                assert_eq!(segment.number as usize, segments.len());
                segments.push(segment.ciphertext);
            }
            Step::Done(told) => {
                check_account(&told, &segments);
                return Ok(Packaged {
                    told,
                    segments,
                    reads,
                    read_bytes,
                });
            }
        }
    }
    panic!("the machine does not come to an end");
}

fn check_account(told: &Presentation, segments: &[Vec<u8>]) {
    assert_eq!(told.segments.len(), segments.len());
    for (number, (info, bytes)) in (0..).zip(told.segments.iter().zip(segments)) {
        assert_eq!((info.bytes, info.iv), (bytes.len() as u64, iv(number)));
        assert!(info.ticks > 0);
        let rate = (info.bytes * 8 * 90_000).div_ceil(info.ticks);
        assert!(
            told.peak_bandwidth >= rate,
            "the peak is the highest of all"
        );
    }
    assert!(told.average_bandwidth <= told.peak_bandwidth);
}

impl Packaged {
    /// The transport streams behind the ciphertext.
    pub(crate) fn plain(&self) -> Vec<Vec<u8>> {
        let open = |(number, sealed): (u32, &Vec<u8>)| {
            let info = self.told.segments[number as usize];
            let key = UnboundCipherKey::new(&AES_128, &key(info.period)).expect("a key");
            let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("a key");
            let mut sealed = sealed.clone();
            let context = DecryptionContext::Iv128(FixedLength::from(info.iv.0));
            key.decrypt(&mut sealed, context)
                .expect("sound padding")
                .to_vec()
        };
        (0..).zip(&self.segments).map(open).collect()
    }

    pub(crate) fn seconds(&self) -> f64 {
        let ticks: u64 = self.told.segments.iter().map(|s| s.ticks).sum();
        f64::from(u32::try_from(ticks).expect("a short film")) / 90_000.0
    }

    /// Writes keys, segments and playlist as a player would fetch them.
    pub(crate) fn write(&self, name: &str) -> PathBuf {
        let dir = scratch(name);
        let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:60\n".to_owned();
        text.push_str("#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (number, (info, bytes)) in self.told.segments.iter().zip(&self.segments).enumerate() {
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
