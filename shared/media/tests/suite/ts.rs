//! A strict reader of transport streams, independent of the writer.

use std::collections::BTreeMap;

#[derive(Debug, Default, Clone)]
pub(crate) struct Pes {
    pub(crate) pid: u16,
    pub(crate) segment: usize,
    pub(crate) entry: bool,
    pub(crate) pcr: Option<u64>,
    pub(crate) show: u64,
    pub(crate) decode: u64,
    pub(crate) payload: Vec<u8>,
}

/// Reads segments that belong together; any breach of ISO/IEC 13818-1 that it knows panics.
pub(crate) fn read(segments: &[Vec<u8>]) -> Vec<Pes> {
    let mut counters: BTreeMap<u16, u8> = BTreeMap::new();
    let mut open: BTreeMap<u16, Pes> = BTreeMap::new();
    let mut done = Vec::new();
    let mut clock = 0;
    for (segment, stream) in segments.iter().enumerate() {
        assert_eq!(
            stream.len() % 188,
            0,
            "segment {segment} holds whole packets"
        );
        for (at, packet) in stream.chunks(188).enumerate() {
            assert_eq!(packet[0], 0x47, "sync of packet {at} in segment {segment}");
            assert_eq!(packet[1] & 0x80, 0, "no transport error");
            let pid = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
            let starts = packet[1] & 0x40 != 0;
            match at {
                0 => assert!(pid == 0 && starts, "tables first"),
                1 => assert!(pid == 0x1000 && starts, "map second"),
                _ => assert!(
                    pid == 0x100 || pid == 0x101,
                    "only picture and sound follow"
                ),
            }
            let (entry, pcr, body) = parts(packet);
            if let Some(pcr) = pcr {
                assert!(pcr >= clock, "the clock runs forward: {pcr} after {clock}");
                clock = pcr;
            }
            let carries = packet[3] & 0x10 != 0;
            let step = u8::from(carries);
            if let Some(last) = counters.insert(pid, packet[3] & 15) {
                assert_eq!((last + step) & 15, packet[3] & 15, "continuity of {pid:#x}");
            }
            if pid == 0 || pid == 0x1000 || !carries {
                continue;
            }
            if starts {
                done.extend(open.remove(&pid).map(finish));
                open.insert(
                    pid,
                    Pes {
                        pid,
                        segment,
                        entry,
                        pcr,
                        ..Pes::default()
                    },
                );
            }
            let pes = open
                .get_mut(&pid)
                .expect("a stream begins with a PES packet");
            assert_eq!(pes.segment, segment, "no PES packet spans segments");
            pes.payload.extend_from_slice(body);
        }
        done.extend(std::mem::take(&mut open).into_values().map(finish));
    }
    done
}

/// Reads the segments of a sound alone.
pub(crate) fn read_sound(segments: &[Vec<u8>]) -> Vec<Pes> {
    let all = read(segments);
    assert!(all.iter().all(|pes| pes.pid == 0x101), "sound alone");
    all
}

fn parts(packet: &[u8]) -> (bool, Option<u64>, &[u8]) {
    if packet[3] & 0x20 == 0 {
        return (false, None, &packet[4..]);
    }
    let len = usize::from(packet[4]);
    let field = &packet[5..5 + len];
    let flags = field.first().copied().unwrap_or(0);
    let pcr = (flags & 0x10 != 0).then(|| {
        field[1..5]
            .iter()
            .fold(0, |pcr, &octet| pcr << 8 | u64::from(octet))
            << 1
            | u64::from(field[5] >> 7)
    });
    let used = if flags & 0x10 != 0 { 7 } else { 1 };
    assert!(
        field.iter().skip(used).all(|&octet| octet == 0xff),
        "stuffing is ones"
    );
    (flags & 0x40 != 0, pcr, &packet[5 + len..])
}

fn finish(mut pes: Pes) -> Pes {
    let raw = std::mem::take(&mut pes.payload);
    assert_eq!(
        raw[..3],
        [0, 0, 1],
        "a PES packet begins with its start code"
    );
    let len = usize::from(raw[4]) << 8 | usize::from(raw[5]);
    assert!(
        len == 0 || len == raw.len() - 6,
        "a PES packet is as long as it says"
    );
    let time = |at: usize| {
        let octet = |n: usize| u64::from(raw[at + n]);
        assert!(raw[at] & raw[at + 2] & raw[at + 4] & 1 == 1, "marker bits");
        (octet(0) >> 1 & 7) << 30
            | octet(1) << 22
            | (octet(2) >> 1) << 15
            | octet(3) << 7
            | octet(4) >> 1
    };
    pes.show = time(9);
    pes.decode = if raw[7] & 0x40 != 0 {
        time(14)
    } else {
        pes.show
    };
    assert!(
        pes.decode <= pes.show,
        "nothing is shown before it is decoded"
    );
    pes.payload = raw[9 + usize::from(raw[8])..].to_vec();
    pes
}

/// Kinds of the NAL units of an H.264 byte stream.
pub(crate) fn h264_kinds(stream: &[u8]) -> Vec<u8> {
    let codes = stream.windows(5).filter(|w| w[..4] == [0, 0, 0, 1]);
    codes.map(|w| w[4] & 0x1f).collect()
}
