//! How far a run of the packager is, and when that is worth a write.

/// Per cent between two writes: at most nineteen a run, whatever the film's size.
const STEP: u64 = 5;
/// What is told before the film is whole.
const MOST: u64 = 99;

/// What was read of a film. A packager looks at some of it twice, so it is as near as can be told beforehand.
pub(super) struct Progress {
    size: u64,
    read: u64,
    told: u64,
}

impl Progress {
    /// Of a film of so many octets nothing is read.
    pub(super) const fn of(size: u64) -> Self {
        Self {
            size,
            read: 0,
            told: 0,
        }
    }

    /// So much more was read: how far that is in per cent, if it is to be told.
    pub(super) fn read(&mut self, octets: usize) -> Option<u8> {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        self.read = self.read.saturating_add(octets);
        let percent = u128::from(self.read) * 100 / u128::from(self.size.max(1));
        let percent = u64::try_from(percent).unwrap_or(MOST).min(MOST);
        let step = percent / STEP * STEP;
        if step <= self.told {
            return None;
        }
        self.told = step;
        u8::try_from(step).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(size: u64, read: usize, times: usize) -> Vec<u8> {
        let mut progress = Progress::of(size);
        (0..times).filter_map(|_| progress.read(read)).collect()
    }

    #[test]
    fn a_film_of_any_size_is_told_of_nineteen_times_at_most_and_always_further() {
        let steps: Vec<u8> = (1..20).map(|step| step * 5).collect();
        assert_eq!(
            told(5 << 40, 8 << 20, 700_000),
            steps,
            "read once and a bit"
        );
        assert_eq!(told(1_000, 10, 100), steps);
        assert_eq!(told(1_000, 10, 500), steps, "read five times");
    }

    #[test]
    fn a_film_is_told_of_no_more_often_than_it_is_read() {
        assert_eq!(told(100, 100, 1), [95]);
        assert_eq!(told(100, 40, 3), [40, 80, 95]);
        assert_eq!(told(100, 4, 1), [0_u8; 0]);
        assert_eq!(told(0, 1, 2), [95]);
        assert_eq!(told(u64::MAX, usize::MAX, 2), [95]);
    }
}
