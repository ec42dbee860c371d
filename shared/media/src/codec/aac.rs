//! AAC: the elementary stream descriptor and its `AudioSpecificConfig` (ISO/IEC 14496-1 §7.2.6,
//! 14496-3 §1.6.2), and the ADTS header that goes before each frame (14496-3 §1.A.2).

use crate::bits::Bits;
use crate::bytes::Bytes;
use crate::fault::{Outcome, damaged, unsupported_codec, unsupported_feature};

/// Octets of an ADTS header without a checksum.
pub(crate) const ADTS: usize = 7;
/// Samples of a frame at the core rate.
pub(crate) const FRAME: u64 = 1024;
/// The length field of ADTS has 13 bits.
const MAX_FRAME: usize = (1 << 13) - 1;

const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// What one sound track needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AudioCodec {
    /// RFC 6381.
    pub(crate) name: String,
    /// Samples a second of the core coder.
    pub(crate) rate: u32,
    object: u8,
    rate_index: u8,
    channels: u8,
    /// Whether one channel is coded and two are heard (HE-AAC version 2).
    is_parametric: bool,
}

impl AudioCodec {
    /// How many channels are heard.
    pub(crate) fn heard(&self) -> u8 {
        match self.channels {
            1 if self.is_parametric => 2,
            7 => 8,
            channels => channels,
        }
    }

    /// The header of a frame of so many octets.
    pub(crate) fn adts(&self, frame: usize) -> Outcome<[u8; ADTS]> {
        let len = u16::try_from(frame + ADTS)
            .ok()
            .filter(|&len| usize::from(len) <= MAX_FRAME);
        let [high, low] = len
            .ok_or_else(|| damaged("one of its sound frames is too large"))?
            .to_be_bytes();
        Ok([
            0xff,
            0xf1,
            ((self.object - 1) << 6) | (self.rate_index << 2) | (self.channels >> 2),
            ((self.channels & 3) << 6) | (high >> 3),
            (high << 5) | (low >> 3),
            (low << 5) | 0x1f,
            0xfc,
        ])
    }
}

/// Reads the body of `esds`.
pub(crate) fn parse(esds: &[u8]) -> Outcome<AudioCodec> {
    let (kind, config) =
        decoder_config(esds).ok_or_else(|| damaged("the description of its sound is cut off"))?;
    match kind {
        0x40 | 0x66..=0x68 => {}
        0x69 | 0x6b => return Err(unsupported_codec("sound", "MP3")),
        0xa5 => return Err(unsupported_codec("sound", "Dolby Digital (AC-3)")),
        0xa6 => return Err(unsupported_codec("sound", "Dolby Digital Plus (E-AC-3)")),
        0xa9..=0xac => return Err(unsupported_codec("sound", "DTS")),
        0xdd => return Err(unsupported_codec("sound", "Vorbis")),
        _ => {
            return Err(unsupported_codec(
                "sound",
                &format!("of the MPEG-4 kind {kind:#04x}"),
            ));
        }
    }
    let config =
        config.ok_or_else(|| damaged("its sound lacks the data that a decoder needs first"))?;
    let found =
        Config::read(config).ok_or_else(|| damaged("the description of its sound is cut off"))?;
    found.codec()
}

/// The object type and the specific configuration inside an ES descriptor.
fn decoder_config(esds: &[u8]) -> Option<(u8, Option<&[u8]>)> {
    let mut bytes = Bytes::new(esds);
    bytes.u32()?;
    let mut es = Bytes::new(descriptor(&mut bytes, 3)?);
    es.u16()?;
    let flags = es.u8()?;
    if flags & 0x80 != 0 {
        es.u16()?;
    }
    if flags & 0x40 != 0 {
        let len = es.u8()?;
        es.take(usize::from(len))?;
    }
    if flags & 0x20 != 0 {
        es.u16()?;
    }
    let mut decoder = Bytes::new(descriptor(&mut es, 4)?);
    let kind = decoder.u8()?;
    decoder.take(12)?;
    Some((kind, descriptor(&mut decoder, 5)))
}

/// The body of the next descriptor if it has that tag; its size is in groups of 7 bits.
fn descriptor<'a>(bytes: &mut Bytes<'a>, tag: u8) -> Option<&'a [u8]> {
    if bytes.u8()? != tag {
        return None;
    }
    let mut len = 0_usize;
    for _ in 0..4 {
        let octet = bytes.u8()?;
        len = (len << 7) | usize::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            break;
        }
    }
    // Some writers state more than they wrote; what is there is what counts.
    bytes.take(len.min(bytes.rest().len()))
}

/// An `AudioSpecificConfig` as far as ADTS and the codec's name need it.
struct Config {
    /// The core coder.
    object: u32,
    /// What the name says: 5 or 29 where high-efficiency coding is signalled.
    named: u32,
    rate: u32,
    channels: u32,
    short_frames: bool,
}

impl Config {
    fn read(config: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(config);
        let mut object = object_type(&mut bits)?;
        let rate = sample_rate(&mut bits)?;
        let channels = bits.take(4)?;
        let mut named = object;
        if object == 5 || object == 29 {
            sample_rate(&mut bits)?;
            object = object_type(&mut bits)?;
        }
        let short_frames = (1..=4).contains(&object) && bits.flag()?;
        if named == 2 && extension(config) {
            named = 5;
        }
        Some(Self {
            object,
            named,
            rate,
            channels,
            short_frames,
        })
    }

    fn codec(&self) -> Outcome<AudioCodec> {
        let unusual = |what: &str| Err(unsupported_codec("sound", what));
        let Some(object) = u8::try_from(self.object)
            .ok()
            .filter(|o| (1..=4).contains(o))
        else {
            return unusual(&match self.object {
                23 | 39 => "low-delay AAC".to_owned(),
                36 => "Apple Lossless or MPEG-4 ALS".to_owned(),
                42 => "xHE-AAC".to_owned(),
                other => format!("AAC of the unusual kind {other}"),
            });
        };
        if self.short_frames {
            return unusual("AAC with frames of 960 samples");
        }
        let index = RATES.iter().position(|&rate| rate == self.rate);
        let Some(rate_index) = index.and_then(|index| u8::try_from(index).ok()) else {
            return unusual(&format!("AAC at the unusual rate of {} Hz", self.rate));
        };
        let Ok(channels @ 1..=7) = u8::try_from(self.channels) else {
            return Err(layout());
        };
        let name = format!("mp4a.40.{}", self.named);
        Ok(AudioCodec {
            name,
            rate: self.rate,
            object,
            rate_index,
            channels,
            is_parametric: self.named == 29,
        })
    }
}

fn layout() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "channel_layout_not_supported",
        "The film's sound has an unusual arrangement of channels; mono, stereo, 5.1 and 7.1 are taken",
    )
}

fn object_type(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        object => Some(object),
    }
}

fn sample_rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(4)? {
        15 => bits.take(24),
        index => RATES.get(index as usize).copied(),
    }
}

/// Whether the backward compatible extension (sync word 0x2b7) signals spectral band replication
/// behind an AAC-LC configuration.
fn extension(config: &[u8]) -> bool {
    let mut bits = Bits::new(config);
    let mut read = || -> Option<bool> {
        object_type(&mut bits)?;
        sample_rate(&mut bits)?;
        bits.skip(4 + 1)?;
        if bits.flag()? {
            bits.skip(14)?;
        }
        bits.skip(1)?;
        Some(bits.take(11)? == 0x2b7 && object_type(&mut bits)? == 5 && bits.flag()?)
    };
    read().unwrap_or(false)
}

#[cfg(test)]
#[path = "aac_tests.rs"]
mod tests;
