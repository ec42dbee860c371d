//! Rates of several programs at the same work, in interleaved runs.

use anyhow::Result;

use super::report::median;
use super::usage::Usage;
use crate::progress::Step;
use crate::time;

/// A process that does one piece of work at a time.
pub(super) trait Worker {
    fn once(&mut self) -> Result<()>;
    /// What its process used so far.
    fn usage(&self) -> Result<Usage>;
    /// The AWS calls of one piece of work: the most that any took; none if it makes none at all.
    fn calls(&self) -> &[String] {
        &[]
    }
}

/// How much work was done in one run.
#[derive(Clone, Copy)]
struct Rate {
    /// In a second of the process's own CPU time, user and system.
    per_cpu_second: f64,
    /// In a second of this machine, the client and the services included.
    per_second: f64,
}

/// The runs of one program.
pub(super) struct Runs {
    rates: Vec<Rate>,
    pub(super) peak_mib: f64,
    pub(super) calls: Vec<String>,
}

impl Runs {
    fn all(&self, figure: fn(&Rate) -> f64) -> Vec<f64> {
        self.rates.iter().map(figure).collect()
    }

    pub(super) fn per_cpu_second(&self) -> f64 {
        median(&self.all(|rate| rate.per_cpu_second))
    }

    pub(super) fn per_second(&self) -> f64 {
        median(&self.all(|rate| rate.per_second))
    }

    /// This one's rate in CPU time over another's: the median of the runs' ratios, since what else the machine does
    /// meets both of a run.
    pub(super) fn over(&self, other: &Self) -> f64 {
        let pairs = self.rates.iter().zip(&other.rates);
        let ratio = |(one, two): (&Rate, &Rate)| one.per_cpu_second / two.per_cpu_second;
        median(&pairs.map(ratio).collect::<Vec<_>>())
    }
}

/// A, B, C, A, B, C, …: `runs` of `times` pieces of work each, after one of each that does not count.
pub(super) fn contest<const N: usize>(
    mut workers: [&mut dyn Worker; N],
    times: u32,
    runs: usize,
    step: &Step,
) -> Result<[Runs; N]> {
    let mut rates = [const { Vec::new() }; N];
    for run in 0..=runs {
        step.note(format!("{run}/{runs}"));
        for (worker, rates) in workers.iter_mut().zip(&mut rates) {
            let rate = rate(*worker, times)?;
            if run > 0 {
                rates.push(rate);
            }
        }
    }
    step.note("");
    let mut all = Vec::new();
    for (worker, rates) in workers.iter().zip(rates) {
        all.push(Runs {
            rates,
            peak_mib: worker.usage()?.peak_mib,
            calls: worker.calls().to_vec(),
        });
    }
    all.try_into()
        .map_err(|_| anyhow::anyhow!("as many came out as went in"))
}

fn rate(worker: &mut dyn Worker, times: u32) -> Result<Rate> {
    let (start, before) = (time::now(), worker.usage()?.cpu_seconds);
    for _ in 0..times {
        worker.once()?;
    }
    let (wall, after) = (start.elapsed().as_secs_f64(), worker.usage()?.cpu_seconds);
    Ok(Rate {
        per_cpu_second: f64::from(times) / (after - before),
        per_second: f64::from(times) / wall,
    })
}

#[cfg(test)]
mod tests {
    use super::{Rate, Runs};

    fn runs(rates: [f64; 3]) -> Runs {
        let rate = |per_cpu_second| Rate {
            per_cpu_second,
            per_second: 1.0,
        };
        Runs {
            rates: rates.map(rate).to_vec(),
            peak_mib: 0.0,
            calls: Vec::new(),
        }
    }

    #[test]
    fn a_ratio_is_of_runs_beside_each_other() {
        // The machine grew slower; both felt it.
        let (one, two) = (runs([8.0, 4.0, 2.0]), runs([4.0, 2.0, 1.0]));
        assert!((one.over(&two) - 2.0).abs() < 1e-9);
        assert!((one.per_cpu_second() - 4.0).abs() < 1e-9);
    }
}
