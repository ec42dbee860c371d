//! Timed text (3GPP TS 26.245): what is shown of a sample, without its styles.

use crate::bytes::Bytes;
use crate::fault::{Outcome, damaged};

/// What one track of subtitles needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextCodec {
    /// Whether all of it is to be shown to everybody.
    pub(crate) forced: bool,
}

/// All samples are forced (`displayFlags`, as QuickTime defines it).
const ALL_FORCED: u32 = 0x8000_0000;

/// Reads the body of `tx3g`.
pub(crate) fn parse(entry: &[u8]) -> Outcome<TextCodec> {
    let mut bytes = Bytes::new(entry);
    let flags = bytes.take(8).and_then(|_| bytes.u32());
    let flags = flags.ok_or_else(|| damaged("the description of its subtitles is cut off"))?;
    Ok(TextCodec {
        forced: flags & ALL_FORCED != 0,
    })
}

/// The text of a sample: UTF-8, or UTF-16 behind its mark; what is not, as the replacement character.
pub(crate) fn text(sample: &[u8]) -> Outcome<String> {
    let broken = || damaged("one of its subtitles is cut off");
    let text = Bytes::new(sample).counted().ok_or_else(broken)?;
    let wide = |octets: &[u8], word: fn([u8; 2]) -> u16| {
        let words: Vec<u16> = octets
            .as_chunks()
            .0
            .iter()
            .map(|pair| word(*pair))
            .collect();
        String::from_utf16_lossy(&words)
    };
    Ok(match text {
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        _ => String::from_utf8_lossy(text).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_each_writing_and_styles_are_left() {
        let read = |sample: &[u8]| text(sample).map_err(|fault| fault.code);
        let styled =
            b"\0\x05Gr\xc3\xbc\xc3\0\0\0\x16styl\0\x01\0\0\0\x05\0\x01\0\x12\xff\xff\xff\xff";
        assert_eq!(read(styled), Ok("Gr\u{fc}\u{fffd}".to_owned()));
        assert_eq!(read(b"\0\0"), Ok(String::new()));
        assert_eq!(read(b"\0\x06\xfe\xff\0h\xd8\0"), Ok("h\u{fffd}".to_owned()));
        assert_eq!(read(b"\0\x05\xff\xfeh\0i"), Ok("h".to_owned()));
        assert_eq!(read(b"\0\x03hi"), Err("damaged_film"));
        assert_eq!(read(b"\0"), Err("damaged_film"));
    }

    #[test]
    fn only_what_is_all_forced_is_forced() {
        let forced = |flags: u32| {
            let entry = [&[0; 8][..], &flags.to_be_bytes()].concat();
            parse(&entry).map(|codec| codec.forced)
        };
        assert_eq!(forced(0x8000_0000), Ok(true));
        assert_eq!(forced(0x4000_0000), Ok(false));
        assert!(parse(&[0; 11]).is_err());
    }
}
