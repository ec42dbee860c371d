//! Turns an MP4 or MOV film into AES-128 HLS: MPEG-TS segments cut at key frames, each
//! encrypted under the key and IV that the driver hands over.
//!
//! Sans-IO: [`HlsPackagers`] makes machines that ask for byte ranges of the source and yield whole
//! encrypted segments. No frame is decoded. Memory is one read window per track, a page of each of
//! the index's tables and one segment; it does not grow with the length of the media.
//!
//! The index is untrusted. It is read by a parser of our own that reads the sample tables page by
//! page as they stand in the file and checks every count against the octets that are there: the
//! demuxers at hand expand each sample into memory and do not read the sound descriptions of MOV.
//!
//! What is read: progressive ISO BMFF (ISO/IEC 14496-12) and MOV, H.264 or HEVC
//! (ISO/IEC 14496-15), AAC (ISO/IEC 14496-3). What is written: ISO/IEC 13818-1, RFC 8216.

mod bits;
mod bytes;
mod cipher;
mod codec;
mod cut;
mod fault;
mod feed;
mod lanes;
mod mp4;
mod opening;
mod output;
mod packager;
mod packer;
mod present;
mod search;
mod stop;
mod survey;
mod ts;
mod vtt;
mod window;

pub use packager::HlsPackagers;
