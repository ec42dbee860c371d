//! Converts one local film and packages it: `convert_file <ffmpeg> <film> <scratch folder>`, as `convert-film` does, with
//! files in the place of S3. Segments are counted and let go; its key is no secret: it is a bench.

use std::error::Error;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use vault_domain::conversion::Encoding;
use vault_domain::packaging::{Iv, PackagePlan, PackagerFactory as _, Step};
use vault_domain::ports::{Clock, Workshop as _};
use vault_domain::secret::ContentKey;
use vault_domain::time::Timestamp;
use vault_media::HlsPackagers;
use vault_transcode::FfmpegWorkshop;

/// No run of this is cut off.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

const PLAN: PackagePlan = PackagePlan {
    segment_ms: 6_000,
    segments_per_key: 5,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || {
        args.next()
            .ok_or("usage: convert_file <ffmpeg> <film> <scratch folder>")
    };
    let (ffmpeg, film, folder) = (next()?, next()?, PathBuf::from(next()?));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (segments, octets) = runtime.block_on(convert(&ffmpeg, &film, folder))?;
    #[expect(clippy::print_stdout, reason = "the account is what this tool is for")]
    {
        println!(r#"{{"segments":{segments},"bytes_out":{octets}}}"#);
    }
    Ok(())
}

async fn convert(
    ffmpeg: &str,
    film: &str,
    folder: PathBuf,
) -> Result<(usize, usize), Box<dyn Error>> {
    let workshop = FfmpegWorkshop::new(ffmpeg, folder, Arc::new(Still));
    workshop.clear().await?;
    let mut source = std::fs::File::open(film)?;
    loop {
        let mut piece = Vec::new();
        source.by_ref().take(8 << 20).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        workshop.bring(&piece).await?;
    }
    let probe = workshop.probe().await??;
    let encoding = Encoding::whole(&probe, PLAN.segment_ms)?;
    let size = workshop.encode(&encoding, Timestamp(86_400)).await??;
    let mut machine = HlsPackagers.start(size, PLAN);
    let (mut segments, mut octets) = (0, 0);
    loop {
        match machine.step()? {
            Step::Read { offset, len } => machine.source(&workshop.read(offset, len).await?),
            Step::NeedKey { .. } => {
                machine.begin_segment(&ContentKey::new([7; 16]), Iv([9; 16]));
            }
            Step::Segment(segment) => {
                segments += 1;
                octets += segment.ciphertext.len();
            }
            Step::Done(_) => break,
        }
    }
    workshop.clear().await?;
    Ok((segments, octets))
}
