//! One movie fragment (ISO/IEC 14496-12 §8.8): the runs of samples that its `moof` describes, read
//! row by row as they stand there.

use std::ops::Range;

use crate::bytes::Bytes;
use crate::fault::{Outcome, cut_short, damaged};
use crate::mp4::boxes::Node;
use crate::mp4::index::{Index, Paging};

/// More runs than a fragment that makes sense has.
const MAX_RUNS: usize = 8192;
/// The flag of a sample that is no key frame (§8.8.3.1).
const NOT_SYNC: u32 = 0x0001_0000;

/// What a track's fragments leave unsaid (`trex`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) track: u32,
    pub(crate) description: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

impl Defaults {
    /// Those of every track, of the body of `moov`; `None` if the film is not fragmented.
    pub(crate) fn of_all(root: &Node<'_>) -> Outcome<Option<Vec<Self>>> {
        let Some(mvex) = root.find(*b"mvex")? else {
            return Ok(None);
        };
        let mut all = Vec::new();
        for child in mvex.children(0) {
            let child = child?;
            if child.kind == *b"trex" {
                let short = || damaged("the defaults of its fragments are cut off");
                all.push(Self::read(child.bytes()).ok_or_else(short)?);
            }
        }
        Ok(Some(all))
    }

    fn read(mut bytes: Bytes<'_>) -> Option<Self> {
        bytes.u32()?;
        Some(Self {
            track: bytes.u32()?,
            description: bytes.u32()?,
            duration: bytes.u32()?,
            size: bytes.u32()?,
            flags: bytes.u32()?,
        })
    }
}

/// A fragment whose index is held.
pub(crate) struct Fragment {
    index: Index,
    runs: Vec<Run>,
    /// Where in the file its index ends.
    pub(crate) behind: u64,
}

/// Samples of one track that lie one behind the other.
pub(crate) struct Run {
    pub(crate) track: u32,
    pub(crate) count: u32,
    /// Where the first sample stands in the file.
    pub(crate) offset: u64,
    /// When the first sample is decoded, if the fragment says so.
    pub(crate) clock: Option<i64>,
    /// Whether it has another sample description than the track begins with.
    pub(crate) changed: bool,
    defaults: Defaults,
    /// Flags of the first sample, where they differ.
    first: Option<u32>,
    form: Form,
    /// The rows, within the index.
    rows: Range<usize>,
}

/// Which fields a row has.
#[derive(Debug, Clone, Copy)]
struct Form {
    flags: u32,
    signed: bool,
}

impl Form {
    fn width(self) -> usize {
        (self.flags & 0xf00).count_ones() as usize * 4
    }
}

/// What a row says.
pub(crate) struct Row {
    pub(crate) duration: u32,
    pub(crate) size: u32,
    pub(crate) shift: i64,
    pub(crate) key: bool,
}

impl Fragment {
    /// Reads the body of a `moof` that stands at `at` and begins `header` octets behind. Tracks without
    /// defaults are passed over.
    pub(crate) fn parse(
        (at, header): (u64, usize),
        body: &[u8],
        defaults: &[Defaults],
    ) -> Outcome<Self> {
        let start = at + header as u64;
        let mut index = Index::new(start, body.len(), Paging::default());
        index.keep(0, body);
        let mut reader = Reader {
            moof: at,
            behind: at,
            runs: Vec::new(),
        };
        for child in Node::root(&index).children(0) {
            let child = child?;
            if child.kind == *b"traf" {
                reader.track(&child, defaults)?;
            }
        }
        let runs = reader.runs;
        let behind = start + body.len() as u64;
        Ok(Self {
            index,
            runs,
            behind,
        })
    }

    pub(crate) fn run(&self, at: usize) -> Option<&Run> {
        self.runs.get(at)
    }

    /// About how much memory it takes.
    pub(crate) fn weight(&self) -> usize {
        self.index.held() + self.runs.len() * size_of::<Run>()
    }

    pub(crate) fn row(&self, run: &Run, at: u32) -> Option<Row> {
        let start = run.rows.start + at as usize * run.form.width();
        let mut bytes = Bytes::new(self.index.prefix(start..run.rows.end));
        let has = |flag| run.form.flags & flag != 0;
        let mut field = |flag, or| if has(flag) { bytes.u32() } else { Some(or) };
        let duration = field(0x100, run.defaults.duration)?;
        let size = field(0x200, run.defaults.size)?;
        let flags = field(0x400, run.defaults.flags)?;
        let shift = field(0x800, 0)?;
        let flags = run.first.filter(|_| at == 0).unwrap_or(flags);
        Some(Row {
            duration,
            size,
            shift: if run.form.signed {
                i64::from(shift.cast_signed())
            } else {
                i64::from(shift)
            },
            key: flags & NOT_SYNC == 0,
        })
    }
}

struct Reader {
    moof: u64,
    /// Where the data of the track before ends.
    behind: u64,
    runs: Vec<Run>,
}

/// The header of a track's part of a fragment.
struct Head {
    base: Option<u64>,
    from_moof: bool,
    defaults: Defaults,
    changed: bool,
}

impl Reader {
    fn track(&mut self, traf: &Node<'_>, defaults: &[Defaults]) -> Outcome<()> {
        let short = || damaged("a part of a fragment is cut off");
        let mut bytes = traf.need(*b"tfhd")?.bytes();
        let flags = bytes.u32().ok_or_else(short)?;
        let track = bytes.u32().ok_or_else(short)?;
        let known = defaults.iter().find(|known| known.track == track);
        let unknown = Defaults {
            track,
            description: 0,
            duration: 0,
            size: 0,
            flags: 0,
        };
        let head = head(flags, &mut bytes, known.unwrap_or(&unknown)).ok_or_else(short)?;
        let mut clock = None;
        if let Some(tfdt) = traf.find(*b"tfdt")? {
            let mut bytes = tfdt.bytes();
            let wide = bytes.u32().ok_or_else(short)? >> 24 == 1;
            let time = if wide {
                bytes.u64()
            } else {
                bytes.u32().map(u64::from)
            };
            let late = || damaged("a fragment begins later than any film lasts");
            let time = i64::try_from(time.ok_or_else(short)?).ok();
            clock = Some(time.filter(|&time| time < 1 << 60).ok_or_else(late)?);
        }
        let base = match head.base {
            Some(base) => base,
            None if head.from_moof || self.behind == self.moof => self.moof,
            None => self.behind,
        };
        self.behind = base;
        for child in traf.children(0) {
            let child = child?;
            if child.kind == *b"trun" {
                let run = self.run(&child, &head, (base, clock.take()))?;
                if known.is_some() && run.count > 0 {
                    self.runs.push(run);
                }
                if self.runs.len() > MAX_RUNS {
                    return Err(damaged("a fragment consists of too many small parts"));
                }
            }
        }
        Ok(())
    }

    fn run(
        &mut self,
        trun: &Node<'_>,
        head: &Head,
        (base, clock): (u64, Option<i64>),
    ) -> Outcome<Run> {
        let short = || damaged("a run of a fragment claims more samples than it holds");
        let mut bytes = trun.bytes();
        let word = bytes.u32().ok_or_else(short)?;
        let count = bytes.u32().ok_or_else(short)?;
        let offset = if word & 1 != 0 {
            let skip = bytes.i32().ok_or_else(short)?;
            base.checked_add_signed(i64::from(skip))
        } else {
            Some(self.behind)
        };
        let outside = || cut_short("a fragment names pictures or sound beyond the end of the file");
        let offset = offset.ok_or_else(outside)?;
        let first = if word & 4 != 0 {
            Some(bytes.u32().ok_or_else(short)?)
        } else {
            None
        };
        let form = Form {
            flags: word & 0x00ff_ffff,
            signed: word >> 24 != 0,
        };
        let need = (count as usize).checked_mul(form.width());
        let rest = bytes.rest();
        let rows = need.and_then(|need| rest.get(..need)).ok_or_else(short)?;
        let start = trun.range().end - rest.len();
        let mut size = u64::from(count) * u64::from(head.defaults.size);
        if form.flags & 0x200 != 0 {
            let skip = (form.flags & 0x100) as usize / 0x100 * 4;
            let sizes = rows.chunks_exact(form.width());
            let each = sizes.filter_map(|row| Bytes::new(row.get(skip..)?).u32());
            size = each.map(u64::from).sum();
        }
        self.behind = offset.checked_add(size).ok_or_else(outside)?;
        Ok(Run {
            track: head.defaults.track,
            count,
            offset,
            clock,
            changed: head.changed,
            defaults: head.defaults,
            first,
            form,
            rows: start..start + rows.len(),
        })
    }
}

fn head(flags: u32, bytes: &mut Bytes<'_>, known: &Defaults) -> Option<Head> {
    let mut defaults = *known;
    let base = if flags & 1 != 0 {
        Some(bytes.u64()?)
    } else {
        None
    };
    let mut changed = false;
    if flags & 2 != 0 {
        changed = bytes.u32()? != known.description;
    }
    if flags & 8 != 0 {
        defaults.duration = bytes.u32()?;
    }
    if flags & 0x10 != 0 {
        defaults.size = bytes.u32()?;
    }
    if flags & 0x20 != 0 {
        defaults.flags = bytes.u32()?;
    }
    Some(Head {
        base,
        from_moof: flags & 0x2_0000 != 0,
        defaults,
        changed,
    })
}

#[cfg(test)]
#[path = "fragment_tests.rs"]
mod tests;
