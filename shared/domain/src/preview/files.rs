//! The files of previews: their names, and what becomes of what a workshop made.

use super::board::Board;
use super::jpeg;
use super::peaks::Peaks;
use super::{PreviewSet, TOO_LONG};
use crate::asset::media_prefix;
use crate::error::Malformed;
use crate::id::{AssetId, KeyId, PackageId};
use crate::packaging::PackageFault;

/// Sheets of a storyboard at most.
const MOST_SHEETS: u8 = 10;

/// Which file, as its URL and its key end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewName {
    /// One picture that stands for the film.
    Poster,
    /// Which part of which sheet shows which time.
    Storyboard,
    /// A sheet of pictures, from 0.
    Sheet(u8),
    /// The peaks of the sound.
    Waveform,
}

impl PreviewName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Malformed`] for any other, one written otherwise among them.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let sheet = || {
            let number = text.strip_prefix("storyboard-")?.strip_suffix(".jpg")?;
            let number = number.parse().ok().filter(|at| *at < MOST_SHEETS)?;
            Some(Self::Sheet(number))
        };
        let known = match text {
            "poster.jpg" => Some(Self::Poster),
            "storyboard.vtt" => Some(Self::Storyboard),
            "waveform.json" => Some(Self::Waveform),
            _ => sheet(),
        };
        known
            .filter(|name| name.to_string() == text)
            .ok_or(Malformed {
                field: "preview",
                expected: "poster.jpg, storyboard.vtt, storyboard-{0 to 9}.jpg or waveform.json",
            })
    }

    /// Its media type: IANA's, and of WebVTT that of W3C WebVTT §9.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Poster | Self::Sheet(_) => "image/jpeg",
            Self::Storyboard => "text/vtt",
            Self::Waveform => "application/json",
        }
    }
}

impl std::fmt::Display for PreviewName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Poster => f.write_str("poster.jpg"),
            Self::Storyboard => f.write_str("storyboard.vtt"),
            Self::Sheet(at) => write!(f, "storyboard-{at}.jpg"),
            Self::Waveform => f.write_str("waveform.json"),
        }
    }
}

/// Key of a preview in the media bucket: under the name of the run that made it, which no view's signature covers.
pub fn preview_key(asset: AssetId, run: PackageId, name: PreviewName) -> String {
    format!("{}{run}/previews/{name}", media_prefix(asset))
}

/// What is to be made of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewPlan {
    /// Its storyboard, and with it a poster; none of a sound alone.
    pub pictures: Option<Board>,
    /// Are only those pictures decoded that need no others?
    pub key_frames: bool,
    /// The peaks of its first sound, if it has one.
    pub sound: bool,
}

impl PreviewPlan {
    /// Is there less that could be made, were this to take too long?
    pub const fn may_hurry(&self) -> bool {
        self.pictures.is_some() && !self.key_frames
    }

    /// What is to be made once this could not be, for that reason; `None` if nothing else would be better.
    pub fn instead(self, fault: &PackageFault) -> Option<Self> {
        if fault.code == TOO_LONG {
            return self.may_hurry().then_some(Self {
                key_frames: true,
                ..self
            });
        }
        // The sound may be what is damaged.
        (self.pictures.is_some() && self.sound).then_some(Self {
            sound: false,
            ..self
        })
    }
}

/// What a workshop made, unchecked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The poster.
    pub poster: Vec<u8>,
    /// The sheets of the storyboard, in order.
    pub sheets: Vec<Vec<u8>>,
    /// The peaks of the sound.
    pub peaks: Option<Peaks>,
}

/// What is to be kept: files by their names.
pub type Files = Vec<(PreviewName, Vec<u8>)>;

/// What is kept of what was made, if it is what was asked for.
///
/// # Errors
/// A picture is none, is too large, or has another size than the others.
pub fn checked(
    plan: &PreviewPlan,
    made: Made,
    (run, key): (PackageId, KeyId),
) -> Result<(PreviewSet, Files), PackageFault> {
    let mut files = Files::new();
    let pictures = match plan.pictures {
        Some(board) => {
            let poster = jpeg::size(&made.poster).ok_or_else(odd)?;
            let sheet = sheet_size(&board, &made.sheets).ok_or_else(odd)?;
            files.push((PreviewName::Poster, made.poster));
            files.push((PreviewName::Storyboard, board.vtt(sheet).into_bytes()));
            let sheets = (0..MOST_SHEETS).zip(made.sheets);
            let mut count = 0;
            for (at, octets) in sheets {
                files.push((PreviewName::Sheet(at), octets));
                count = at + 1;
            }
            Some((poster, count))
        }
        None => None,
    };
    let peaks = made.peaks.filter(|peaks| plan.sound && !peaks.is_empty());
    if let Some(peaks) = &peaks {
        files.push((PreviewName::Waveform, peaks.json()));
    }
    if files.is_empty() {
        return Err(PackageFault::new(
            "nothing_to_preview",
            "The film has neither pictures nor sound that can be read.",
        ));
    }
    let waveform = peaks.is_some();
    let set = PreviewSet {
        run,
        key,
        pictures,
        waveform,
    };
    Ok((set, files))
}

/// The size of one picture in sheets that are as many as there have to be, and all alike.
fn sheet_size(board: &Board, sheets: &[Vec<u8>]) -> Option<(u32, u32)> {
    let wanted = usize::try_from(board.sheets()).ok()?;
    let mut sizes = sheets.iter().map(|octets| jpeg::size(octets));
    let first = sizes.next()??;
    let alike = sheets.len() == wanted && sizes.all(|size| size == Some(first));
    let (width, height) = (u32::from(first.0), u32::from(first.1));
    let even = width % board.columns == 0 && height % board.rows == 0;
    (alike && even).then_some((width / board.columns, height / board.rows))
}

fn odd() -> PackageFault {
    PackageFault::new(
        "previews_unreadable",
        "What came out of the film are no pictures that can be shown.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::jpeg::tests::picture;
    use super::*;

    const IDS: (PackageId, KeyId) = (PackageId::from_octets([6; 16]), KeyId::from_octets([7; 16]));

    fn plan() -> PreviewPlan {
        PreviewPlan {
            pictures: Some(Board::of(5_000)),
            key_frames: false,
            sound: true,
        }
    }

    fn made() -> Made {
        let mut peaks = Peaks::default();
        peaks.push(&[1, 2]);
        Made {
            poster: picture((640, 360)),
            sheets: vec![picture((800, 90))],
            peaks: Some(peaks),
        }
    }

    #[test]
    fn a_name_reads_back_and_no_other_is_one() {
        for text in [
            "poster.jpg",
            "storyboard.vtt",
            "storyboard-0.jpg",
            "storyboard-9.jpg",
            "waveform.json",
        ] {
            assert_eq!(PreviewName::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "",
            "poster.png",
            "Poster.jpg",
            "storyboard-10.jpg",
            "storyboard-00.jpg",
            "storyboard-+1.jpg",
            "storyboard-.jpg",
            "../poster.jpg",
            "poster.jpg/",
        ] {
            assert!(PreviewName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_was_made_is_kept_by_its_names() {
        let (set, files) = checked(&plan(), made(), IDS).unwrap();
        assert_eq!((set.pictures, set.waveform), (Some(((640, 360), 1)), true));
        let names: Vec<_> = files.iter().map(|(name, _)| name.to_string()).collect();
        let all = [
            "poster.jpg",
            "storyboard.vtt",
            "storyboard-0.jpg",
            "waveform.json",
        ];
        assert_eq!(names, all);
        let text = String::from_utf8(files[1].1.clone()).unwrap();
        assert!(
            text.contains("storyboard-0.jpg#xywh=640,0,160,90"),
            "{text}"
        );
    }

    #[test]
    fn a_sound_alone_has_a_waveform_alone_and_a_silent_film_none() {
        let sound = PreviewPlan {
            pictures: None,
            ..plan()
        };
        let (set, files) = checked(&sound, made(), IDS).unwrap();
        assert_eq!((set.pictures, set.waveform, files.len()), (None, true, 1));
        let silent = Made {
            peaks: Some(Peaks::default()),
            ..made()
        };
        let (set, files) = checked(&plan(), silent.clone(), IDS).unwrap();
        assert_eq!((set.waveform, files.len()), (false, 3));
        assert!(checked(&sound, silent, IDS).is_err(), "nothing at all");
    }

    #[test]
    fn what_takes_too_long_is_made_of_key_frames_and_what_is_damaged_without_sound() {
        let slow = super::super::took_too_long();
        let damaged = PackageFault::new("unreadable_film", "it is damaged");
        let hurried = plan().instead(&slow).unwrap();
        assert!(hurried.key_frames && hurried.sound && !hurried.may_hurry());
        assert_eq!(hurried.instead(&slow), None);
        let silent = hurried.instead(&damaged).unwrap();
        assert!(silent.key_frames && !silent.sound);
        assert_eq!(silent.instead(&damaged), None);
        let sound = PreviewPlan {
            pictures: None,
            ..plan()
        };
        assert_eq!(
            (sound.instead(&slow), sound.instead(&damaged)),
            (None, None)
        );
    }

    #[test]
    fn what_is_no_picture_or_not_as_it_was_asked_for_is_refused() {
        let spoiled: [fn(&mut Made); 6] = [
            |made| made.poster.clear(),
            |made| made.poster = b"<html>".to_vec(),
            |made| made.sheets.clear(),
            |made| made.sheets[0][0] = 0,
            |made| made.sheets.push(picture((800, 90))),
            |made| made.sheets[0] = picture((801, 90)),
        ];
        for (at, spoil) in spoiled.into_iter().enumerate() {
            let mut bad = made();
            spoil(&mut bad);
            assert!(checked(&plan(), bad, IDS).is_err(), "{at}");
        }
    }
}
