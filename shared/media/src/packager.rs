//! The machine that the use case drives, and its factory.

use vault_domain::packaging::{Iv, PackageFault, PackagePlan, PackagerFactory, Packaging, Step};
use vault_domain::secret::ContentKey;

use crate::fault::{Outcome, driver};
use crate::mp4::scan::{Scan, Scanner};
use crate::packer::Packer;

/// Makes packagers of MP4 and MOV films.
#[derive(Debug, Clone, Copy, Default)]
pub struct HlsPackagers;

impl PackagerFactory for HlsPackagers {
    fn start(&self, size: u64, plan: PackagePlan) -> Box<dyn Packaging> {
        let stage = Stage::Scanning(Scanner::new(size));
        Box::new(HlsPackager {
            size,
            plan,
            stage,
            wanted: None,
        })
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
    fn advance(&mut self) -> Outcome<Step> {
        if let Stage::Scanning(scanner) = &mut self.stage {
            match scanner.step()? {
                Scan::Read { offset, len } => return Ok(Step::Read { offset, len }),
                Scan::Found(index) => {
                    let packer = Packer::open(index, self.size, self.plan)?;
                    self.stage = Stage::Packing(Box::new(packer));
                }
            }
        }
        match &mut self.stage {
            Stage::Packing(packer) => packer.step(),
            Stage::Failed(fault) => Err(fault.clone()),
            Stage::Done | Stage::Scanning(_) => Err(driver("it is packaged already")),
        }
    }
}
