//! What the playlists will say of the film.

use vault_domain::packaging::{
    Iv, Media, Presentation, Rates, Rendition, SegmentInfo, Stream, Timing, VideoRange,
};

use crate::codec::{AudioCodec, VideoCodec};

/// What is known of the film before it is packaged.
pub(crate) struct About {
    codecs: Vec<String>,
    pub(crate) resolution: (u32, u32),
    frame_rate: f64,
    range: Option<VideoRange>,
    /// Of the main stream's sound, if there are others to choose.
    pub(crate) main: Option<Choice>,
}

/// What a player chooses by.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) media: Media,
    pub(crate) language: Option<String>,
}

impl About {
    pub(crate) fn new<'c>(
        video: Option<(&VideoCodec, f64)>,
        sounds: impl Iterator<Item = &'c AudioCodec>,
    ) -> Self {
        let picture = video.map(|(codec, _)| codec.name.clone());
        let mut codecs: Vec<String> = picture.into_iter().collect();
        for sound in sounds {
            if !codecs.contains(&sound.name) {
                codecs.push(sound.name.clone());
            }
        }
        Self {
            codecs,
            resolution: video.map_or((0, 0), |(codec, _)| codec.resolution),
            frame_rate: video.map_or(0.0, |(_, rate)| rate),
            range: video.and_then(|(codec, _)| codec.range),
            main: None,
        }
    }
}

/// Keeps account of the segments of one stream as they are sealed.
pub(crate) struct Ledger {
    pub(crate) stream: Stream,
    choice: Option<Choice>,
    segments: Vec<SegmentInfo>,
}

impl Ledger {
    pub(crate) fn new(stream: Stream, choice: Option<Choice>) -> Self {
        Self {
            stream,
            choice,
            segments: Vec::new(),
        }
    }

    /// How many segments there are: the number of the next one.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.segments.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn add(&mut self, ticks: u64, bytes: u64, period: u32, iv: Iv) {
        self.segments.push(SegmentInfo {
            ticks,
            bytes,
            period,
            iv,
        });
    }
}

/// What is told of all streams, the main one first.
pub(crate) fn presentation(
    about: &mut About,
    timing: Timing,
    ledgers: Vec<Ledger>,
) -> Presentation {
    let all = ledgers.iter().flat_map(|ledger| &ledger.segments);
    let target = all.map(|segment| segment.ticks).max().unwrap_or(1);
    let mut rates = [Rates::default(); 3];
    for ledger in &ledgers {
        let own = Rates::of(&ledger.segments, target);
        // What is heard or read together: the main stream, one sound, one kind of subtitles.
        let kind = match ledger.stream {
            Stream::Main | Stream::Variant(_) => 0,
            Stream::Audio(_) => 1,
            Stream::Subtitles(_) | Stream::Text(_) => 2,
        };
        rates[kind] = rates[kind].most(own);
    }
    let main = about.main.take();
    let mut segments = Vec::new();
    let mut renditions: Vec<_> = main
        .map(|choice| rendition(Stream::Main, choice, Vec::new()))
        .into_iter()
        .collect();
    for ledger in ledgers {
        match ledger.choice {
            None => segments = ledger.segments,
            Some(choice) => renditions.push(rendition(ledger.stream, choice, ledger.segments)),
        }
    }
    Presentation {
        codecs: std::mem::take(&mut about.codecs),
        resolution: about.resolution,
        frame_rate: about.frame_rate,
        peak_bandwidth: rates.iter().map(|own| own.peak).sum(),
        average_bandwidth: rates.iter().map(|own| own.average).sum(),
        segments,
        timing: Some(timing),
        video_range: about.range,
        renditions,
    }
}

fn rendition(stream: Stream, choice: Choice, segments: Vec<SegmentInfo>) -> Rendition {
    Rendition {
        stream,
        media: choice.media,
        language: choice.language,
        segments,
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::packaging::TICKS_PER_SECOND;

    use super::*;

    fn ledger(stream: Stream, segments: &[(u64, u64)]) -> Ledger {
        let choice = match stream {
            Stream::Main => None,
            _ => Some(Choice {
                media: Media::Audio { channels: 2 },
                language: None,
            }),
        };
        let mut ledger = Ledger::new(stream, choice);
        for (milliseconds, bytes) in segments {
            ledger.add(
                milliseconds * TICKS_PER_SECOND / 1000,
                *bytes,
                0,
                Iv([0; 16]),
            );
        }
        ledger
    }

    fn told(ledgers: Vec<Ledger>) -> (u64, u64) {
        let mut about = About::new(None, std::iter::empty());
        let timing = Timing { first: 0, start: 0 };
        let told = presentation(&mut about, timing, ledgers);
        (told.peak_bandwidth, told.average_bandwidth)
    }

    #[test]
    fn bandwidth_is_bits_of_ciphertext_a_second() {
        let main = ledger(Stream::Main, &[(6000, 6000), (4000, 8000), (2000, 1000)]);
        assert_eq!(told(vec![main]), (16_000, 10_000));
    }

    #[test]
    fn a_short_end_counts_with_what_precedes_it() {
        let main = ledger(Stream::Main, &[(6000, 6000), (40, 4000)]);
        assert_eq!(told(vec![main]), (13_246, 13_246));
        let short = ledger(Stream::Main, &[(40, 500)]);
        assert_eq!(told(vec![short]), (100_000, 100_000));
    }

    #[test]
    fn of_what_can_be_chosen_the_largest_counts() {
        let all = vec![
            ledger(Stream::Main, &[(6000, 6000)]),
            ledger(Stream::Audio(1), &[(6000, 600)]),
            ledger(Stream::Audio(2), &[(6000, 1200)]),
            ledger(Stream::Subtitles(1), &[(6000, 60)]),
        ];
        assert_eq!(told(all), (8_000 + 1_600 + 80, 8_000 + 1_600 + 80));
    }
}
