//! How a storyboard is laid out.

use std::fmt::Write as _;

/// Pictures at most, however long the film is.
const MOST_PICTURES: u64 = 1_000;
/// Columns of a sheet, and rows.
const SIDE: u32 = 10;
/// Pictures lie so many milliseconds apart at least.
const LEAST_INTERVAL_MS: u64 = 1_000;
/// From here on a film is read by its key frames alone where they lie close enough: reading all of it takes long.
const KEY_FRAMES_FROM_MS: u64 = 8_000;
/// Pictures that the poster is chosen from.
const CANDIDATES: u64 = 40;

/// The storyboard of a film: pictures at equal times, in sheets. Each stands for the time around it, as the middle of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// How long the film is.
    pub length_ms: u64,
    /// From one picture to the next.
    pub interval_ms: u64,
    /// How many there are.
    pub pictures: u32,
    /// Pictures beside each other in a sheet.
    pub columns: u32,
    /// Pictures below each other in a sheet.
    pub rows: u32,
}

impl Board {
    /// That of a film of this length.
    pub fn of(length_ms: u64) -> Self {
        let length_ms = length_ms.max(1);
        let interval_ms = length_ms.div_ceil(MOST_PICTURES);
        // Whole seconds, so that times read well.
        let interval_ms = interval_ms.max(LEAST_INTERVAL_MS).div_ceil(1_000) * 1_000;
        let pictures = length_ms.div_ceil(interval_ms).clamp(1, MOST_PICTURES);
        let pictures = u32::try_from(pictures).unwrap_or(u32::MAX);
        Self {
            length_ms,
            interval_ms,
            pictures,
            columns: pictures.min(SIDE),
            rows: pictures.div_ceil(SIDE).min(SIDE),
        }
    }

    /// How many sheets it has.
    pub const fn sheets(&self) -> u32 {
        self.pictures.div_ceil(self.columns * self.rows)
    }

    /// Is the film read by its key frames alone, if they lie no farther apart than this?
    pub const fn by_key_frames(&self, apart_ms: u64) -> bool {
        self.interval_ms >= KEY_FRAMES_FROM_MS && apart_ms <= self.interval_ms
    }

    /// From one picture that the poster may be to the next, in milliseconds; and how many there are.
    pub fn candidates(&self) -> (u64, u64) {
        (self.length_ms.div_ceil(CANDIDATES).max(1), CANDIDATES)
    }

    /// The storyboard as WebVTT (W3C WebVTT §3): a cue a picture, whose text names where it is by a spatial fragment (W3C
    /// Media Fragments URI §4.2.2), relative to where this text is. Players know it as thumbnails.
    pub fn vtt(&self, (width, height): (u32, u32)) -> String {
        let mut text = String::from("WEBVTT\n");
        for at in 0..self.pictures {
            let begins = u64::from(at) * self.interval_ms;
            let ends = if at + 1 == self.pictures {
                self.length_ms.max(begins + 1)
            } else {
                begins + self.interval_ms
            };
            let (sheet, place) = (
                at / (self.columns * self.rows),
                at % (self.columns * self.rows),
            );
            let (x, y) = (place % self.columns * width, place / self.columns * height);
            let (begins, ends) = (time(begins), time(ends));
            // A String takes all that is written.
            let _ = write!(
                text,
                "\n{begins} --> {ends}\nstoryboard-{sheet}.jpg#xywh={x},{y},{width},{height}\n"
            );
        }
        text
    }
}

/// W3C WebVTT §3.3: `hh:mm:ss.ttt`.
fn time(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03}",
        seconds % 60,
        ms % 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_bounded_however_long_the_film_is() {
        let hours = |hours: u64| Board::of(hours * 3_600_000);
        let ten = hours(10);
        assert_eq!(
            (ten.interval_ms, ten.pictures, ten.sheets()),
            (36_000, 1_000, 10)
        );
        assert!(ten.by_key_frames(36_000) && !ten.by_key_frames(36_001));
        let two = hours(2);
        assert_eq!(
            (two.interval_ms, two.pictures, two.sheets()),
            (8_000, 900, 9)
        );
        let clip = Board::of(5_200);
        assert_eq!((clip.interval_ms, clip.pictures), (1_000, 6));
        assert_eq!((clip.columns, clip.rows, clip.sheets()), (6, 1, 1));
        assert!(!clip.by_key_frames(500));
        let minute = Board::of(61_000);
        assert_eq!((minute.columns, minute.rows, minute.sheets()), (10, 7, 1));
        for odd in [0, 1, 999, 1_000_001, 99 * 3_600_000, u64::from(u32::MAX)] {
            let board = Board::of(odd);
            assert!((1..=1_000).contains(&board.pictures), "{odd}");
            assert!((1..=10).contains(&board.sheets()), "{odd}");
        }
    }

    #[test]
    fn each_cue_names_its_place_and_the_last_ends_with_the_film() {
        let text = Board::of(11_500).vtt((160, 90));
        assert!(text.starts_with(
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nstoryboard-0.jpg#xywh=0,0,160,90\n"
        ));
        assert!(
            text.contains("\n00:00:09.000 --> 00:00:10.000\nstoryboard-0.jpg#xywh=1440,0,160,90\n")
        );
        assert!(
            text.ends_with(
                "\n00:00:11.000 --> 00:00:11.500\nstoryboard-0.jpg#xywh=160,90,160,90\n"
            )
        );
        let long = Board::of(10 * 3_600_000).vtt((120, 90));
        assert!(
            long.ends_with(
                "\n09:59:24.000 --> 10:00:00.000\nstoryboard-9.jpg#xywh=1080,810,120,90\n"
            )
        );
        assert_eq!(long.matches(" --> ").count(), 1_000);
    }
}
