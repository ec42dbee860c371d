use super::*;

fn esds(kind: u8, config: &[u8]) -> Vec<u8> {
    let len = u8::try_from(config.len()).expect("short");
    let mut out = vec![
        0,
        0,
        0,
        0,
        3,
        0x80,
        0x80,
        0x80,
        23 + len,
        0,
        1,
        0,
        4,
        15 + len,
        kind,
    ];
    out.extend_from_slice(&[0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, len]);
    out.extend_from_slice(config);
    out
}

fn named(config: &[u8]) -> Result<(String, u32), &'static str> {
    parse(&esds(0x40, config))
        .map(|codec| (codec.name, codec.rate))
        .map_err(|fault| fault.code)
}

#[test]
fn common_configurations_are_named_as_players_ask_for_them() {
    assert_eq!(
        named(&[0x12, 0x10]),
        Ok(("mp4a.40.2".into(), 44_100)),
        "LC stereo"
    );
    assert_eq!(
        named(&[0x11, 0xb0]),
        Ok(("mp4a.40.2".into(), 48_000)),
        "LC 5.1"
    );
    assert_eq!(
        named(&[0x2b, 0x92, 0x08, 0x00]),
        Ok(("mp4a.40.5".into(), 22_050)),
        "HE-AAC"
    );
    assert_eq!(
        named(&[0x13, 0x90, 0x56, 0xe5, 0xa0]),
        Ok(("mp4a.40.5".into(), 22_050)),
        "HE-AAC, signalled behind"
    );
    assert_eq!(
        named(&[0x12, 0x10, 0x56, 0xe5, 0x00]),
        Ok(("mp4a.40.2".into(), 44_100))
    );
}

#[test]
fn what_adts_cannot_express_is_refused() {
    assert_eq!(
        named(&[0x12, 0x00]),
        Err("channel_layout_not_supported"),
        "program config"
    );
    assert_eq!(
        named(&[0x12, 0x58]),
        Err("channel_layout_not_supported"),
        "configuration 11"
    );
    assert_eq!(
        named(&[0x12, 0x14]),
        Err("unsupported_codec"),
        "frames of 960"
    );
    assert_eq!(named(&[0xb9, 0x90]), Err("unsupported_codec"), "low delay");
    assert_eq!(
        named(&[0x17, 0x80, 0x61, 0xa8, 0x10]),
        Err("unsupported_codec"),
        "50,000 Hz"
    );
    assert_eq!(named(&[0x12]), Err("damaged_film"));
    let mp3 = parse(&esds(0x6b, &[])).expect_err("refused");
    assert!(mp3.reason.contains("MP3"));
}

#[test]
fn a_descriptor_cut_anywhere_is_a_fault() {
    let whole = esds(0x40, &[0x12, 0x10]);
    for end in 0..whole.len() {
        assert!(parse(&whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn the_adts_header_states_profile_rate_channels_and_length() {
    let codec = parse(&esds(0x40, &[0x11, 0xb0])).expect("LC 5.1 at 48 kHz");
    let header = codec.adts(1000).expect("fits");
    assert_eq!(header, [0xff, 0xf1, 0x4d, 0x80, 0x7d, 0xff, 0xfc]);
    assert!(codec.adts(8184).is_ok());
    assert!(codec.adts(8185).is_err());
}
