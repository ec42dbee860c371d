//! What decoders need: parameter sets, ADTS headers, and the names that players ask for.

pub(crate) mod aac;
pub(crate) mod avc;
pub(crate) mod hevc;
pub(crate) mod nal;
mod sps;
pub(crate) mod text;

pub(crate) use aac::AudioCodec;
pub(crate) use nal::VideoCodec;
pub(crate) use text::TextCodec;
