//! Conversion: coding anew what cannot be packaged as it was uploaded, by a program that does not share our process.
//!
//! The use case drives a [`Workshop`](crate::ports::Workshop): it brings the source into its scratch space, has it probed
//! and encoded, and reads the outcome as it would read an upload. No program is told of keys, buckets or organisations.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, OrgId, PackageId};
use crate::ladder::most_kilobits;
use crate::packaging::{Guide, PackageFault};
use crate::ports::Manifest;

/// What is asked of the function that converts, through its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub enum ConversionOrder {
    /// Convert the source of an asset that cannot be packaged as it is, and package what comes out.
    Film {
        /// Whose.
        org: OrgId,
        /// Which.
        asset: AssetId,
    },
    /// Plan the ladder of an asset, and order its variants.
    Ladder {
        /// Whose.
        org: OrgId,
        /// Which.
        asset: AssetId,
    },
    /// Code a variant of an asset's package.
    Variant {
        /// Whose.
        org: OrgId,
        /// Which.
        asset: AssetId,
        /// Of which package.
        package: PackageId,
        /// Of how many lines.
        lines: u16,
    },
    /// Make the previews of an asset.
    Previews {
        /// Whose.
        org: OrgId,
        /// Which.
        asset: AssetId,
    },
}

impl ConversionOrder {
    /// Whose film it is about.
    pub const fn org(&self) -> OrgId {
        match self {
            Self::Film { org, .. }
            | Self::Ladder { org, .. }
            | Self::Variant { org, .. }
            | Self::Previews { org, .. } => *org,
        }
    }
}

/// An order as the queue holds it: `{"v":1,"kind":"film","org":"org_…","asset":"ast_…"}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Wire {
    Film {
        v: u8,
        org: String,
        asset: String,
    },
    Ladder {
        v: u8,
        org: String,
        asset: String,
    },
    Variant {
        v: u8,
        org: String,
        asset: String,
        package: String,
        lines: u16,
    },
    Previews {
        v: u8,
        org: String,
        asset: String,
    },
}

impl From<ConversionOrder> for Wire {
    fn from(order: ConversionOrder) -> Self {
        let v = 1;
        match order {
            ConversionOrder::Film { org, asset } => Self::Film {
                v,
                org: org.to_string(),
                asset: asset.to_string(),
            },
            ConversionOrder::Ladder { org, asset } => Self::Ladder {
                v,
                org: org.to_string(),
                asset: asset.to_string(),
            },
            ConversionOrder::Previews { org, asset } => Self::Previews {
                v,
                org: org.to_string(),
                asset: asset.to_string(),
            },
            ConversionOrder::Variant {
                org,
                asset,
                package,
                lines,
            } => Self::Variant {
                v,
                org: org.to_string(),
                asset: asset.to_string(),
                package: package.to_string(),
                lines,
            },
        }
    }
}

impl TryFrom<Wire> for ConversionOrder {
    type Error = String;
    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let (Wire::Film { v, org, asset }
        | Wire::Ladder { v, org, asset }
        | Wire::Previews { v, org, asset }
        | Wire::Variant { v, org, asset, .. }) = &wire;
        if *v != 1 {
            return Err("v: expected 1".to_owned());
        }
        let org = OrgId::parse(org).map_err(|fault| fault.to_string())?;
        let asset = AssetId::parse(asset).map_err(|fault| fault.to_string())?;
        Ok(match wire {
            Wire::Film { .. } => Self::Film { org, asset },
            Wire::Ladder { .. } => Self::Ladder { org, asset },
            Wire::Previews { .. } => Self::Previews { org, asset },
            Wire::Variant { package, lines, .. } => Self::Variant {
                org,
                asset,
                package: PackageId::parse(&package).map_err(|fault| fault.to_string())?,
                lines,
            },
        })
    }
}

/// What a source is, as far as a conversion has to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Probe {
    /// Width and height of the pictures as they are coded; none of sound alone.
    pub pictures: Option<(u32, u32)>,
    /// The sounds.
    pub sounds: Vec<Sound>,
    /// The subtitles that are text, by their number among all subtitles from 0. Those that are pictures are left out.
    pub texts: Vec<u8>,
}

/// What a sound becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sound {
    /// Channels: 1, 2 or 6.
    pub channels: u8,
    /// Samples a second: 32,000, 44,100 or 48,000.
    pub rate: u32,
}

/// Pictures of a converted film have at most so many lines, or columns where they stand upright: a larger film is made
/// smaller, never a smaller one larger.
pub const MAX_CONVERTED_LINES: u32 = 1080;
/// Sounds that are taken along, and subtitles: as many as of a film that is packaged as it is.
pub const MAX_SOUNDS: usize = 16;
/// The most subtitles that are taken along.
pub const MAX_TEXTS: usize = 32;

/// What is to be encoded: H.264 and AAC in an MP4 file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// What of the source is taken.
    pub source: Probe,
    /// Lines of the shorter side at most.
    pub lines: u32,
    /// Kilobits a second of the pictures at most, if they are limited.
    pub most_kilobits: Option<u32>,
    /// Where the key frames are, so that segments can be cut there.
    pub key_frames: KeyFrames,
    /// Whether the clock of the source is kept: for a variant of a film that was packaged as it was uploaded. Otherwise the
    /// first sample stands at zero.
    pub as_uploaded: bool,
    /// Whether sound is taken as it is, so that a variant has the same octets of it as the film. Otherwise it is coded anew.
    pub copies_sound: bool,
}

/// Where key frames are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFrames {
    /// Every so many milliseconds at most.
    Every(u32),
    /// At these times, in 90 kHz ticks of the film, and wherever else the encoder likes.
    At(Vec<i64>),
}

impl Encoding {
    /// That of a film which cannot be packaged as it is.
    pub fn whole(source: &Probe, segment_ms: u32) -> Result<Self, PackageFault> {
        if source.pictures.is_none() && source.sounds.is_empty() {
            return Err(PackageFault::new(
                "not_a_film",
                "This file holds neither pictures nor sound that can be read. Upload a film or a sound.",
            ));
        }
        let mut source = source.clone();
        source.sounds.truncate(MAX_SOUNDS);
        source.texts.truncate(MAX_TEXTS);
        Ok(Self {
            source,
            lines: MAX_CONVERTED_LINES,
            most_kilobits: None,
            key_frames: KeyFrames::Every(segment_ms),
            as_uploaded: false,
            copies_sound: false,
        })
    }

    /// That of the variant of so many lines of a film: its pictures, and its sound if they share a stream. All its sounds if
    /// it is to be downloaded as well.
    ///
    /// # Errors
    /// Such a variant is not possible, and why.
    pub fn variant(
        source: &Probe,
        film: &Manifest,
        (lines, downloaded): (u16, bool),
    ) -> Result<Self, PackageFault> {
        let none = |reason: &str| PackageFault::new("variant_not_possible", reason);
        let presentation = &film.presentation;
        let guide = Guide::of(presentation).ok_or_else(|| {
            none("The film was packaged before variants could be cut where it is cut. Upload it again.")
        })?;
        let most =
            most_kilobits(lines).ok_or_else(|| none("There are no variants of so many lines."))?;
        if source.pictures.is_none() {
            return Err(none("The film has no pictures that can be coded anew."));
        }
        let sounds = if guide.sound {
            // Which of several sounds it was that the film's stream carries, nothing tells.
            match source.sounds[..] {
                [sound] => vec![sound],
                _ => {
                    return Err(none(
                        "The film was packaged with one sound, and its source has another number of them.",
                    ));
                }
            }
        } else if downloaded {
            let sounds = source.sounds.iter().take(MAX_SOUNDS);
            sounds.copied().collect()
        } else {
            Vec::new()
        };
        let mut ends = guide.ends.clone();
        // Where the last segment ends the film does.
        ends.pop();
        Ok(Self {
            source: Probe {
                pictures: source.pictures,
                sounds,
                texts: Vec::new(),
            },
            lines: u32::from(lines),
            most_kilobits: Some(most),
            key_frames: KeyFrames::At(ends),
            as_uploaded: !film.converted,
            copies_sound: !film.converted && guide.sound,
        })
    }
}

/// The source does not go into the scratch space.
pub fn too_large(most: u64) -> PackageFault {
    PackageFault::new(
        "too_large_to_convert",
        format!(
            "The film has to be converted before it can be played, and only films of up to {} MB are. Export it as an MP4 with H.264 or HEVC video and AAC sound, which needs no conversion at any size, and upload that.",
            most / 1_000_000
        ),
    )
}

/// What comes out of the source does not go into the scratch space beside it.
pub fn outgrew() -> PackageFault {
    PackageFault::new(
        "too_large_to_convert",
        "The film has to be converted before it can be played, and what it becomes is larger than there is room for. Export it as an MP4 with H.264 or HEVC video and AAC sound, which needs no conversion at any size, and upload that.",
    )
}

/// Converting took longer than one run may.
pub fn took_too_long() -> PackageFault {
    PackageFault::new(
        "too_long_to_convert",
        "The film has to be converted before it can be played, and that took longer than one run may take. Export it as an MP4 with H.264 or HEVC video and AAC sound, which needs no conversion at any length, and upload that.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> ConversionOrder {
        ConversionOrder::Film {
            org: OrgId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
        }
    }

    #[test]
    fn an_order_reads_back_and_another_is_none() {
        let text = serde_json::to_string(&order()).unwrap();
        assert_eq!(
            serde_json::from_str::<ConversionOrder>(&text).unwrap(),
            order()
        );
        for bad in [
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("film", "films"),
            text.replace("org_", "ast_"),
            text.replace("\"v\":1", "\"v\":1,\"more\":0"),
            "{}".to_owned(),
        ] {
            assert!(
                serde_json::from_str::<ConversionOrder>(&bad).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn orders_of_ladders_variants_and_previews_read_back() {
        let (org, asset) = (OrgId::from_octets([1; 16]), AssetId::from_octets([2; 16]));
        let package = PackageId::from_octets([3; 16]);
        let variant = ConversionOrder::Variant {
            org,
            asset,
            package,
            lines: 720,
        };
        let previews = ConversionOrder::Previews { org, asset };
        for order in [ConversionOrder::Ladder { org, asset }, variant, previews] {
            let text = serde_json::to_string(&order).unwrap();
            let read: ConversionOrder = serde_json::from_str(&text).unwrap();
            assert_eq!((read, read.org()), (order, org));
            let bad = text.replace("\"v\":1", "\"v\":2");
            assert!(serde_json::from_str::<ConversionOrder>(&bad).is_err());
        }
    }

    #[test]
    fn nothing_to_see_or_hear_is_no_film_and_more_tracks_than_are_taken_are_left_out() {
        assert!(Encoding::whole(&Probe::default(), 6_000).is_err());
        let many = Probe {
            pictures: Some((64, 48)),
            sounds: vec![
                Sound {
                    channels: 2,
                    rate: 48_000,
                };
                40
            ],
            texts: (0..50).collect(),
        };
        let taken = Encoding::whole(&many, 6_000).unwrap().source;
        assert_eq!(
            (taken.sounds.len(), taken.texts.len()),
            (MAX_SOUNDS, MAX_TEXTS)
        );
    }
}
