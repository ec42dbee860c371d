//! The machine that the use case drives, and its factory.

use vault_domain::packaging::{Iv, PackageFault, PackagePlan, PackagerFactory, Packaging, Step};
use vault_domain::secret::ContentKey;

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
        Box::new(HlsPackager::new(size, plan, Paging::default()))
    }
}

struct HlsPackager {
    size: u64,
    plan: PackagePlan,
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

    fn begin_segment(&mut self, key: &ContentKey, iv: Iv) {
        if let Stage::Packing(packer) = &mut self.stage
            && let Err(fault) = packer.begin_segment(key, iv)
        {
            self.stage = Stage::Failed(fault);
        }
    }
}

impl HlsPackager {
    fn new(size: u64, plan: PackagePlan, paging: Paging) -> Self {
        Self {
            size,
            plan,
            stage: Stage::Scanning(Scanner::new(size, paging)),
            wanted: None,
        }
    }

    fn advance(&mut self) -> Outcome<Step> {
        if let Stage::Scanning(scanner) = &mut self.stage {
            match scanner.step()? {
                Scan::Read { offset, len } => return Ok(Step::Read { offset, len }),
                Scan::Found(index) => {
                    let opening = Opening::new(&index, self.size)?;
                    self.stage = Stage::Opening(Box::new(opening));
                }
            }
        }
        if let Stage::Opening(opening) = &mut self.stage {
            match opening.run() {
                Ok(opened) => {
                    let packer = Packer::new(opened, self.size, self.plan)?;
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
    use vault_domain::secret::ContentKey;

    use super::*;

    const CLIP: &[u8] = include_bytes!("../../../tests/media/bigbuckbunny.mp4");

    /// The segments of the clip, and how often it was read.
    fn segments(paging: Paging) -> (Vec<Vec<u8>>, usize) {
        let plan = PackagePlan {
            segment_ms: 2000,
            segments_per_key: 2,
        };
        let mut machine = HlsPackager::new(CLIP.len() as u64, plan, paging);
        let (mut segments, mut reads) = (Vec::new(), 0);
        loop {
            match machine.step().expect("a sound film") {
                Step::Read { offset, len } => {
                    reads += 1;
                    let start = usize::try_from(offset).expect("small");
                    machine.source(&CLIP[start..start + len]);
                }
                Step::NeedKey { .. } => {
                    machine.begin_segment(&ContentKey::new([7; 16]), Iv([9; 16]));
                }
                Step::Segment(segment) => segments.push(segment.ciphertext),
                Step::Done(_) => return (segments, reads),
            }
        }
    }

    #[test]
    fn a_film_comes_out_the_same_however_little_of_its_index_is_held() {
        let (whole, few) = segments(Paging::default());
        for page in [60, 600, 6000] {
            let (paged, reads) = segments(Paging { whole: 0, page });
            assert!(reads > few, "pages of {page} octets: {reads} reads");
            assert!(paged == whole, "pages of {page} octets");
        }
        assert!(!whole.is_empty());
    }
}
