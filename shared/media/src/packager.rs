//! The machine that the use case drives, and its factory.

use vault_domain::packaging::{
    Extent, Guide, Iv, PackageFault, PackagePlan, PackagerFactory, Packaging, Step, Timing,
};
use vault_domain::secret::ContentKey;

use crate::cipher::Cipher;
use crate::cut::Cuts;
use crate::fault::{Outcome, driver};
use crate::mp4::index::Paging;
use crate::mp4::scan::{Scan, Scanner};
use crate::opening::Opening;
use crate::packer::Packer;

/// Makes packagers of MP4 and MOV films.
#[derive(Debug, Clone, Copy, Default)]
pub struct HlsPackagers;

impl PackagerFactory for HlsPackagers {
    fn start(&self, size: u64, plan: PackagePlan) -> Box<dyn Packaging> {
        Box::new(HlsPackager::new(
            size,
            Cuts::Wished(plan),
            Paging::default(),
        ))
    }

    fn follow(&self, size: u64, guide: Guide) -> Box<dyn Packaging> {
        Box::new(HlsPackager::new(
            size,
            Cuts::Given(guide),
            Paging::default(),
        ))
    }

    fn zero(&self, timing: Timing) -> u64 {
        crate::ts::time(0, timing.first)
    }

    fn seal(&self, mut segment: Vec<u8>, key: &ContentKey, iv: Iv) -> Outcome<Vec<u8>> {
        Cipher::new(key, iv)?.seal(&mut segment)?;
        Ok(segment)
    }
}

struct HlsPackager {
    size: u64,
    cuts: Cuts,
    stage: Stage,
    /// The read that awaits its answer.
    wanted: Option<(u64, usize)>,
}

enum Stage {
    /// Looking for the index.
    Scanning(Scanner),
    /// Walking over its tables.
    Opening(Box<Opening>),
    Packing(Box<Packer>),
    Done,
    /// Asked again, it faults again.
    Failed(PackageFault),
}

impl Packaging for HlsPackager {
    fn step(&mut self) -> Result<Step, PackageFault> {
        if let Some((offset, len)) = self.wanted {
            return Ok(Step::Read { offset, len });
        }
        let step = self.advance();
        match &step {
            Ok(Step::Read { offset, len }) => self.wanted = Some((*offset, *len)),
            Ok(Step::Done(_)) => self.stage = Stage::Done,
            Ok(_) => {}
            Err(fault) => self.stage = Stage::Failed(fault.clone()),
        }
        step
    }

    fn source(&mut self, bytes: &[u8]) {
        let wanted = self.wanted.take();
        let Some((offset, _)) = wanted.filter(|(_, len)| *len == bytes.len()) else {
            self.stage = Stage::Failed(driver("other bytes came than were asked for"));
            return;
        };
        match &mut self.stage {
            Stage::Scanning(scanner) => scanner.source(offset, bytes),
            Stage::Opening(opening) => opening.source(bytes),
            Stage::Packing(packer) => packer.source(bytes),
            Stage::Done | Stage::Failed(_) => {}
        }
    }

    fn extent(&self) -> Option<Extent> {
        match &self.stage {
            Stage::Packing(packer) => Some(packer.extent()),
            Stage::Scanning(_) | Stage::Opening(_) | Stage::Done | Stage::Failed(_) => None,
        }
    }

    fn begin_segment(&mut self, key: &ContentKey, iv: Iv) {
        if let Stage::Packing(packer) = &mut self.stage
            && let Err(fault) = packer.begin_segment(key, iv)
        {
            self.stage = Stage::Failed(fault);
        }
    }
}

impl HlsPackager {
    fn new(size: u64, cuts: Cuts, paging: Paging) -> Self {
        Self {
            size,
            cuts,
            stage: Stage::Scanning(Scanner::new(size, paging)),
            wanted: None,
        }
    }

    fn advance(&mut self) -> Outcome<Step> {
        if let Stage::Scanning(scanner) = &mut self.stage {
            match scanner.step()? {
                Scan::Read { offset, len } => return Ok(Step::Read { offset, len }),
                Scan::Found(index) => {
                    let opening = Opening::new(&index, self.size, self.cuts.takes_sounds())?;
                    self.stage = Stage::Opening(Box::new(opening));
                }
            }
        }
        if let Stage::Opening(opening) = &mut self.stage {
            match opening.run() {
                Ok(opened) => {
                    let packer = Packer::new(opened, self.size, self.cuts.clone())?;
                    self.stage = Stage::Packing(Box::new(packer));
                }
                Err(stop) => return stop.step(),
            }
        }
        match &mut self.stage {
            Stage::Packing(packer) => packer.step(),
            Stage::Failed(fault) => Err(fault.clone()),
            Stage::Done | Stage::Opening(_) | Stage::Scanning(_) => {
                Err(driver("it is packaged already"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;
    use vault_domain::secret::ContentKey;

    use super::*;

    const CLIP: &[u8] = include_bytes!("../../../tests/media/bigbuckbunny.mp4");

    /// The segments of a film and how often it was read, or the code of its fault.
    fn segments(film: &[u8], paging: Paging) -> Result<(Vec<Vec<u8>>, usize), &'static str> {
        let plan = PackagePlan {
            segment_ms: 2000,
            segments_per_key: 2,
        };
        let mut machine = HlsPackager::new(film.len() as u64, Cuts::Wished(plan), paging);
        let (mut segments, mut reads) = (Vec::new(), 0);
        loop {
            match machine.step().map_err(|fault| fault.code)? {
                Step::Read { offset, len } => {
                    reads += 1;
                    assert!(reads < 20_000, "it comes to no end");
                    let start = usize::try_from(offset).expect("small");
                    machine.source(&film[start..start + len]);
                }
                Step::NeedKey { .. } => {
                    machine.begin_segment(&ContentKey::new([7; 16]), Iv([9; 16]));
                }
                Step::Segment(segment) => segments.push(segment.ciphertext),
                Step::Done(_) => return Ok((segments, reads)),
            }
        }
    }

    #[test]
    fn a_film_comes_out_the_same_however_little_of_its_index_is_held() {
        let (whole, few) = segments(CLIP, Paging::default()).expect("a sound film");
        for page in [60, 600, 6000] {
            let paging = Paging { whole: 0, page };
            let (paged, reads) = segments(CLIP, paging).expect("a sound film");
            assert!(reads > few, "pages of {page} octets: {reads} reads");
            assert!(paged == whole, "pages of {page} octets");
        }
        assert!(!whole.is_empty());
    }

    fn index() -> Range<usize> {
        let name = CLIP.windows(4).position(|name| name == b"moov");
        let start = name.expect("an index") + 4;
        let size = CLIP[start - 8..start - 4].try_into().expect("four octets");
        start..start - 8 + u32::from_be_bytes(size) as usize
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_index_is_survived_and_read_the_same_by_pages(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let (mut film, index) = (CLIP.to_vec(), index());
            for (at, value) in changes {
                film[index.start + at.index(index.len())] = value;
            }
            let paging = Paging { whole: 0, ..Paging::default() };
            let out = |paging| segments(&film, paging).map(|(segments, _)| segments);
            let (whole, paged) = (out(Paging::default()), out(paging));
            prop_assert!(whole == paged || whole.is_err() && paged.is_err(), "{:?} {:?}", whole.err(), paged.err());
        }
    }
}
