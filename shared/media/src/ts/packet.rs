//! Transport packets (ISO/IEC 13818-1 §2.4.3): one PES packet spread over packets of 188 octets.

/// Octets of a transport packet.
pub(crate) const PACKET: usize = 188;
/// Octets behind the packet's header.
pub(crate) const BODY: usize = PACKET - 4;

/// One elementary stream: its PID and its continuity counter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub(crate) pid: u16,
    counter: u8,
}

impl Stream {
    pub(crate) fn new(pid: u16) -> Self {
        Self { pid, counter: 0 }
    }

    /// The header of the next packet with a payload.
    pub(crate) fn header(&mut self, starts: bool, control: u8) -> [u8; 4] {
        let [high, low] = self.pid.to_be_bytes();
        let head = [
            0x47,
            (u8::from(starts) << 6) | high,
            low,
            control | self.counter,
        ];
        self.counter = (self.counter + 1) & 15;
        head
    }

    /// A packet that carries only the clock; the counter stands still (§2.4.3.3).
    pub(crate) fn clock(self, out: &mut Vec<u8>, pcr: u64) {
        let [high, low] = self.pid.to_be_bytes();
        out.extend_from_slice(&[0x47, high, low, 0x20 | ((self.counter + 15) & 15)]);
        adaptation(
            out,
            BODY,
            Mark {
                entry: false,
                pcr: Some(pcr),
            },
        );
    }
}

/// What the first packet of a PES packet is marked with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    /// A decoder may start here.
    pub(crate) entry: bool,
    /// The program's clock, 90 kHz.
    pub(crate) pcr: Option<u64>,
}

impl Mark {
    fn octets(self) -> usize {
        match self {
            Mark { pcr: Some(_), .. } => 8,
            Mark { entry: true, .. } => 2,
            Mark { .. } => 0,
        }
    }
}

/// Spreads a PES packet of known length over transport packets, without copying it twice.
pub(crate) struct Packets<'o> {
    out: &'o mut Vec<u8>,
    stream: &'o mut Stream,
    /// Octets of the PES packet that have no transport packet yet.
    left: usize,
    /// Octets free in the packet begun.
    room: usize,
}

impl<'o> Packets<'o> {
    pub(crate) fn begin(
        out: &'o mut Vec<u8>,
        stream: &'o mut Stream,
        len: usize,
        mark: Mark,
    ) -> Self {
        let mut packets = Self {
            out,
            stream,
            left: len,
            room: 0,
        };
        packets.open(true, mark);
        packets
    }

    /// Opens a packet; what the payload does not fill is stuffed before it (§2.4.3.5).
    fn open(&mut self, starts: bool, mark: Mark) {
        self.room = self.left.min(BODY - mark.octets());
        self.left -= self.room;
        let field = BODY - self.room;
        let control = if field > 0 { 0x30 } else { 0x10 };
        self.out
            .extend_from_slice(&self.stream.header(starts, control));
        adaptation(self.out, field, mark);
    }

    pub(crate) fn put(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            if self.room == 0 {
                if self.left == 0 {
                    return;
                }
                self.open(false, Mark::default());
            }
            let (now, later) = octets.split_at(self.room.min(octets.len()));
            self.out.extend_from_slice(now);
            self.room -= now.len();
            octets = later;
        }
    }
}

/// An adaptation field of exactly `field` octets, its length octet among them.
fn adaptation(out: &mut Vec<u8>, field: usize, mark: Mark) {
    const STUFFING: [u8; BODY] = [0xff; BODY];
    if field == 0 {
        return;
    }
    let end = out.len() + field;
    out.push(u8::try_from(field - 1).unwrap_or(0));
    if field > 1 {
        out.push((u8::from(mark.entry) << 6) | (u8::from(mark.pcr.is_some()) << 4));
    }
    if let Some(pcr) = mark.pcr {
        // 33 bits of base, 6 reserved ones, 9 bits of extension that stay zero.
        let field = ((pcr & 0x1_ffff_ffff) << 15) | (0x3f << 9);
        out.extend_from_slice(field.to_be_bytes().get(2..).unwrap_or_default());
    }
    let pad = end.saturating_sub(out.len());
    out.extend_from_slice(STUFFING.get(..pad).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length: packets are whole, the payload comes out as it went in.
    #[test]
    fn any_length_fills_whole_packets() {
        let source: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let marks = [
            Mark::default(),
            Mark {
                entry: true,
                pcr: None,
            },
            Mark {
                entry: true,
                pcr: Some(0x1_2345_6789),
            },
        ];
        for (len, mark) in (1..1000).flat_map(|len| marks.map(|mark| (len, mark))) {
            let (mut out, mut stream) = (Vec::new(), Stream::new(0x100));
            let mut packets = Packets::begin(&mut out, &mut stream, len, mark);
            packets.put(&source[..len / 3]);
            packets.put(&source[len / 3..len]);
            assert_eq!(out.len() % PACKET, 0, "{len}");
            let payload: Vec<u8> = out.chunks(PACKET).flat_map(payload).copied().collect();
            assert_eq!(payload, source[..len], "{len}");
        }
    }

    fn payload(packet: &[u8]) -> &[u8] {
        assert_eq!(packet[0], 0x47);
        match packet[3] >> 4 {
            1 => &packet[4..],
            3 => &packet[5 + usize::from(packet[4])..],
            other => panic!("unexpected control {other}"),
        }
    }

    #[test]
    fn the_clock_is_written_in_33_bits() {
        let mut out = Vec::new();
        Stream::new(0x100).clock(&mut out, 0x1_ffff_fffe);
        assert_eq!(out.len(), PACKET);
        assert_eq!(
            out[..12],
            [0x47, 1, 0, 0x2f, 183, 0x10, 0xff, 0xff, 0xff, 0xff, 0x7e, 0]
        );
    }
}
