//! The crash-point sweep: for every k, the k-th call to a port fails or is where the process dies, before or
//! after its effect; the attempt is then repeated, and the repetition is disturbed in the same ways. In the end
//! the caller has the answer of the undisturbed run, the state is its state, and nothing leaks.
//!
//! A use case gets it by one [`Scenario`]:
//!
//! ```
//! use vault_testkit::{Kit, sweep::{Scenario, answer}, builders};
//! # use vault_domain::usecase::withdraw_asset;
//! Scenario::new("withdraw", || { let kit = Kit::with_users(1); kit.plant_ready(); kit },
//!     async |kit: &Kit, _| answer(
//!         withdraw_asset::run(&kit.withdraw_asset(), &builders::ask(), builders::ASSET).await,
//!         |()| "withdrawn".to_owned()))
//!     .hold();
//! ```

mod drive;

use vault_domain::error::Refusal;

use crate::fault::{Call, Fault, Mode};
use crate::kit::Kit;

pub use drive::drive;

/// What a caller got: `Ok`, an answer to keep, a refusal too; `Err`, to be tried again.
pub type Answer = Result<String, String>;

/// The answer of a use case as its client takes it: only what is not available is tried again.
///
/// # Errors
/// The reason to try again.
pub fn answer<T>(outcome: Result<T, Refusal>, tell: impl FnOnce(T) -> String) -> Answer {
    match outcome {
        Ok(done) => Ok(tell(done)),
        Err(Refusal::Unavailable(error)) => Err(error.to_string()),
        Err(refusal) => Ok(format!("refused: {refusal}")),
    }
}

/// Violations after which a sweep stops: more of them tell nothing new.
const ENOUGH: usize = 10;

type Project = Box<dyn Fn(&Kit) -> Vec<String>>;

/// One use case in one situation.
pub struct Scenario<A> {
    name: &'static str,
    build: Box<dyn Fn() -> Kit>,
    attempt: A,
    between: Box<dyn Fn(&Kit)>,
    end: Project,
    leaks: Project,
    also: Vec<&'static str>,
    refusal: Option<&'static str>,
    most_attempts: usize,
}

/// What a sweep found.
#[derive(Debug)]
pub struct Swept {
    /// Calls of the undisturbed run.
    pub calls: usize,
    /// Disturbed runs that were made.
    pub runs: usize,
    /// What did not hold, each with its faults.
    pub violations: Vec<String>,
}

/// One run: the faults of each attempt, and what came of it.
struct Played {
    kit: Kit,
    logs: Vec<Vec<Call>>,
    answer: Answer,
}

impl<A: AsyncFn(&Kit, usize) -> Answer> Scenario<A> {
    /// `attempt` of number 1, 2, … in the world that `build` makes anew for each run. By default the whole
    /// shape of the state is what ends are compared by, and [`Kit::leaks`] what must be empty.
    pub fn new(name: &'static str, build: impl Fn() -> Kit + 'static, attempt: A) -> Self {
        Self {
            name,
            build: Box::new(build),
            attempt,
            between: Box::new(|_| {}),
            end: Box::new(|kit| kit.cloud.snapshot().shape().lines()),
            leaks: Box::new(Kit::leaks),
            also: Vec::new(),
            refusal: None,
            most_attempts: 6,
        }
    }

    /// What happens before each repetition: time passes, a lease ends.
    #[must_use]
    pub fn between(mut self, act: impl Fn(&Kit) + 'static) -> Self {
        self.between = Box::new(act);
        self
    }

    /// Compares ends by this instead; say why what it leaves out is harmless.
    #[must_use]
    pub fn end(mut self, project: impl Fn(&Kit) -> Vec<String> + 'static) -> Self {
        self.end = Box::new(project);
        self
    }

    /// Compares ends without these sections of the shape; say why they are harmless.
    #[must_use]
    pub fn without(self, sections: &'static [&'static str]) -> Self {
        self.end(|kit| kit.cloud.snapshot().shape().without(sections).lines())
    }

    /// A further answer that a repetition may get, such as that there is nothing left to do.
    #[must_use]
    pub fn or(mut self, answer: &'static str) -> Self {
        self.also.push(answer);
        self
    }

    /// Undisturbed it is refused, in these words.
    #[must_use]
    pub const fn refused(mut self, words: &'static str) -> Self {
        self.refusal = Some(words);
        self
    }

    /// Sweeps, and fails on any violation.
    ///
    /// # Panics
    /// Something did not hold.
    pub fn hold(self) -> Swept {
        let name = self.name;
        let undisturbed = self.play(&[]).answer.unwrap_or_default();
        let refused = undisturbed.strip_prefix("refused: ");
        assert_eq!(refused, self.refusal, "{name}: something else is swept");
        let swept = self.sweep();
        assert!(swept.calls > 0, "{name}: no port was called");
        assert!(
            swept.violations.is_empty(),
            "{name}: {} violations in {} runs:\n{}",
            swept.violations.len(),
            swept.runs,
            swept.violations.join("\n")
        );
        swept
    }

    /// Sweeps over all single faults, and all pairs of faults in the same and in the next attempt.
    pub fn sweep(self) -> Swept {
        let undisturbed = self.play(&[]);
        let expected = (self.end)(&undisturbed.kit);
        let calls = undisturbed.logs.first().map_or(0, Vec::len);
        let mut swept = Swept {
            calls,
            runs: 0,
            violations: Vec::new(),
        };
        let wanted = undisturbed.answer.clone();
        self.judge(&mut swept, &[], &undisturbed, &wanted, &expected);
        let Some(log) = self.play(&[]).logs.into_iter().next() else {
            return swept;
        };
        for first in faults_of(&log, 0) {
            let plan = [vec![first]];
            let played = self.play(&plan);
            let seconds = seconds_of(first, &played.logs);
            self.judge(&mut swept, &plan, &played, &wanted, &expected);
            for plan in seconds {
                let played = self.play(&plan);
                self.judge(&mut swept, &plan, &played, &wanted, &expected);
                if swept.violations.len() >= ENOUGH {
                    return swept;
                }
            }
        }
        swept
    }

    fn play(&self, plans: &[Vec<Fault>]) -> Played {
        let kit = (self.build)();
        let mut logs = Vec::new();
        let mut answer = Err("it was never tried".to_owned());
        for number in 1..=self.most_attempts {
            if number > 1 {
                (self.between)(&kit);
            }
            kit.faults
                .arm(plans.get(number - 1).cloned().unwrap_or_default());
            let attempt = (self.attempt)(&kit, number);
            answer = drive(&kit.faults, attempt).unwrap_or_else(|| Err("it died".to_owned()));
            logs.push(kit.faults.log());
            if answer.is_ok() {
                break;
            }
        }
        Played { kit, logs, answer }
    }

    fn judge(
        &self,
        swept: &mut Swept,
        plans: &[Vec<Fault>],
        played: &Played,
        wanted: &Answer,
        expected: &[String],
    ) {
        swept.runs += 1;
        let place = describe(plans, &played.logs);
        let mut blame = |what: String| swept.violations.push(format!("{place}: {what}"));
        match &played.answer {
            Err(last) => blame(format!(
                "stuck after {} attempts: {last}",
                played.logs.len()
            )),
            Ok(got) if Ok(got) == wanted.as_ref() || self.also.contains(&got.as_str()) => {}
            Ok(got) => blame(format!("answered `{got}`, undisturbed {wanted:?}")),
        }
        self.compare(&played.kit, "the end", expected, &mut blame);
        // At least once means twice: a repetition after the end changes nothing.
        (self.between)(&played.kit);
        played.kit.faults.arm(Vec::new());
        let number = played.logs.len() + 1;
        let again = drive(&played.kit.faults, (self.attempt)(&played.kit, number));
        if !matches!(again, Some(Ok(_))) {
            blame(format!("a repetition after the end got {again:?}"));
        }
        self.compare(&played.kit, "after one more", expected, &mut blame);
    }

    fn compare(&self, kit: &Kit, when: &str, expected: &[String], blame: &mut impl FnMut(String)) {
        let end = (self.end)(kit);
        let missing: Vec<_> = expected.iter().filter(|line| !end.contains(line)).collect();
        let extra: Vec<_> = end.iter().filter(|line| !expected.contains(line)).collect();
        if end != expected {
            blame(format!(
                "{when} lacks {missing:?} and has {extra:?} ({} lines)",
                end.len()
            ));
        }
        for leak in (self.leaks)(kit) {
            blame(format!("{when} leaks {leak}"));
        }
    }
}

/// Every fault that tells something new in an attempt of these calls, after the first `skip` of them.
fn faults_of(log: &[Call], skip: usize) -> Vec<Fault> {
    let calls = (1..).zip(log).skip(skip);
    let faults = calls.flat_map(|(number, call)| {
        let modes = if call.pure {
            &Mode::ALL[..1]
        } else {
            &Mode::ALL[..]
        };
        modes.iter().map(move |mode| Fault {
            call: number,
            mode: *mode,
        })
    });
    faults.collect()
}

/// The plans with a second fault: later in the same attempt, or in the one after it.
fn seconds_of(first: Fault, logs: &[Vec<Call>]) -> Vec<Vec<Vec<Fault>>> {
    let none = Vec::new();
    let (same, next) = (logs.first().unwrap_or(&none), logs.get(1).unwrap_or(&none));
    let same = if first.mode.survives() {
        faults_of(same, first.call)
    } else {
        Vec::new()
    };
    let same = same.into_iter().map(|second| vec![vec![first, second]]);
    let next = faults_of(next, 0).into_iter();
    same.chain(next.map(|second| vec![vec![first], vec![second]]))
        .collect()
}

fn describe(plans: &[Vec<Fault>], logs: &[Vec<Call>]) -> String {
    let mut told = Vec::new();
    for (attempt, (plan, log)) in (1..).zip(plans.iter().zip(logs)) {
        for fault in plan {
            let name = log.get(fault.call - 1).map_or("?", |call| call.name);
            told.push(format!(
                "{:?} at {name} ({}) of attempt {attempt}",
                fault.mode, fault.call
            ));
        }
    }
    if told.is_empty() {
        "undisturbed".to_owned()
    } else {
        told.join(", ")
    }
}
