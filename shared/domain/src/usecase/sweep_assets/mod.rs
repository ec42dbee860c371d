//! Erase what is due, delete what is older than its organisation keeps it, and end uploads that nobody brought to an end
//! and waits for verdicts about malware that never came.
//!
//! It may be cut off anywhere and run any number of times at once: every step can be done again, and what was begun is
//! found again, for it stays due until it is done. What fails is put behind the others.

mod abandoned;
mod age;
mod erase;
mod unheard;

use std::sync::Arc;

use super::scribe::Scribe;
use crate::audit::{Author, Source};
use crate::deletion::{DUE_PARTS, Due, Duty};
use crate::id::OrgId;
use crate::ports::{
    Abandonments, Assets, Clock, Deletions, Dues, Entropy, Erasures, KeyErasure, MediaErasure,
    Records, Retentions, Scans, ShareErasure, SourceErasure, StoreError, Stored,
};
use crate::time::Timestamp;

/// Seconds before the end of the invocation in which no further step is begun.
const SPARE: u64 = 30;
/// Seconds after which what failed is tried again.
const RETRY: u64 = 3_600;

/// What sweeping needs.
pub struct Deps {
    /// What is due.
    pub dues: Arc<dyn Dues>,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// Deletions by rule.
    pub deletions: Arc<dyn Deletions>,
    /// The end of assets.
    pub erasures: Arc<dyn Erasures>,
    /// The end of uploads.
    pub abandonments: Arc<dyn Abandonments>,
    /// The end of waits for verdicts about malware.
    pub scans: Arc<dyn Scans>,
    /// The rules.
    pub retentions: Arc<dyn Retentions>,
    /// Wrapped keys.
    pub keys: Arc<dyn KeyErasure>,
    /// Ciphertext.
    pub media: Arc<dyn MediaErasure>,
    /// Sources.
    pub sources: Arc<dyn SourceErasure>,
    /// Shares.
    pub shares: Arc<dyn ShareErasure>,
    /// Records of what came late.
    pub records: Arc<dyn Records>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of records.
    pub entropy: Arc<dyn Entropy>,
}

/// An invocation.
#[derive(Debug, Clone)]
pub struct Command {
    /// When it must be over.
    pub deadline: Timestamp,
    /// Lambda's id of the request.
    pub request: String,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// Assets that were erased.
    pub erased: usize,
    /// Assets that were deleted by a rule.
    pub deleted: usize,
    /// Uploads that were ended.
    pub abandoned: usize,
    /// Waits for a verdict about malware that were ended.
    pub unheard: usize,
    /// Was all looked at that is due? The next run looks at the rest.
    pub finished: bool,
}

/// Goes over all that is due, as long as the time allows. What fails stops nothing else.
///
/// # Errors
/// [`StoreError`], the first of them; what could be done is.
pub async fn run(deps: &Deps, command: &Command) -> Stored<Run> {
    let mut sweep = Sweep {
        deps,
        command,
        run: Run::default(),
        failed: None,
    };
    let until = deps.clock.now();
    sweep.run.finished = true;
    // Uploads first: of those that are ended here the bytes are removed right behind.
    for part in 0..DUE_PARTS {
        let looked = sweep.uploads(part, until).await;
        sweep.note_part(looked);
    }
    for part in 0..DUE_PARTS {
        let looked = sweep.part(part, until).await;
        sweep.note_part(looked);
    }
    sweep.failed.map_or(Ok(sweep.run), Err)
}

struct Sweep<'a> {
    deps: &'a Deps,
    command: &'a Command,
    run: Run,
    failed: Option<StoreError>,
}

/// Was there time for it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is done, or there was nothing to do.
    Done,
    /// The time is over. What is left is due still.
    Late,
}

impl Sweep<'_> {
    /// Was all of the part looked at?
    async fn part(&mut self, part: u8, until: Timestamp) -> Stored<bool> {
        let mut after = None;
        loop {
            let (dues, more) = self.deps.dues.due(part, until, after.as_ref()).await?;
            for due in &dues {
                if self.is_late() {
                    return Ok(false);
                }
                match self.look_at(due).await {
                    Ok(Step::Done) => {}
                    Ok(Step::Late) => return Ok(false),
                    Err(error) => {
                        self.note(error);
                        let later = self.deps.clock.now().plus(RETRY);
                        // Best effort: it is due still, and comes first again.
                        let _ = self.deps.dues.postpone(due, later).await;
                    }
                }
            }
            after = dues.last().copied();
            if !more || after.is_none() {
                return Ok(true);
            }
        }
    }

    async fn look_at(&mut self, due: &Due) -> Stored<Step> {
        match due.duty {
            Duty::Asset(id) => self.asset(due, id).await,
            Duty::Organisation => self.organisation(due).await,
            Duty::Verdict(id, reopened) => self.unheard(due, id, reopened).await,
        }
    }

    fn note_part(&mut self, looked: Stored<bool>) {
        match looked {
            Ok(all) => self.run.finished &= all,
            Err(error) => self.note(error),
        }
    }

    fn note(&mut self, error: StoreError) {
        self.failed.get_or_insert(error);
    }

    fn is_late(&self) -> bool {
        self.deps.clock.now().plus(SPARE) >= self.command.deadline
    }

    /// Whoever records what the system does by itself.
    fn scribe(&self, org: OrgId) -> Scribe<'_> {
        Scribe {
            entropy: &*self.deps.entropy,
            org,
            clock: &*self.deps.clock,
            author: Author::System,
            verdict: None,
            source: Source {
                request: self.command.request.clone(),
                ..Source::default()
            },
        }
    }
}
