//! Which tracks of a film are packaged: one picture, one sound.

use crate::codec::{AudioCodec, VideoCodec};
use crate::fault::{Outcome, damaged, not_a_film, unsupported_feature};
use crate::mp4::boxes::Node;
use crate::mp4::cursor::{Fragments, Samples};
use crate::mp4::edit::Edit;
use crate::mp4::entry;
use crate::mp4::fragment::Defaults;
use crate::mp4::index::Index;
use crate::mp4::shelf::Shelf;
use crate::mp4::table::Tables;
use crate::mp4::track::{Medium, Track};

/// More tracks than any film has.
const MAX_TRACKS: usize = 256;

/// A chosen track: its clock, tables and decoder.
pub(crate) struct Chosen<C> {
    pub(crate) codec: C,
    pub(crate) samples: Samples,
    pub(crate) edit: Edit,
    /// Ticks a second of the track's clock.
    pub(crate) timescale: u32,
    /// Ticks a second of the film's clock, which edits use.
    pub(crate) film_timescale: u32,
}

/// The tracks to package; at least one is there.
pub(crate) struct Movie {
    pub(crate) video: Option<Chosen<VideoCodec>>,
    pub(crate) audio: Option<Chosen<AudioCodec>>,
    /// Whether fragments may tell of samples.
    pub(crate) is_fragmented: bool,
}

impl Movie {
    /// Reads what the index of a file of `size` octets describes.
    pub(crate) fn parse(index: &Index, size: u64) -> Outcome<Self> {
        let root = Node::root(index);
        if root.find(*b"cmov")?.is_some() {
            return Err(unsupported_feature(
                "index_compressed",
                "The film's index is compressed",
            ));
        }
        let defaults = Defaults::of_all(&root)?;
        let mut reader = Reader {
            index,
            film_timescale: film_timescale(&root)?,
            fragments: defaults.map(|defaults| (Shelf::new(size, defaults.clone()), defaults)),
            tracks: vec![],
        };
        for child in root.children(0) {
            let child = child?;
            if child.kind == *b"trak" {
                reader.tracks.push(Track::parse(child));
            }
            if reader.tracks.len() > MAX_TRACKS {
                return Err(damaged("it claims more tracks than any film has"));
            }
        }
        // Enabled tracks first; the order of the file within each.
        reader.tracks.sort_by_key(|track| !track.enabled);
        let movie = Self {
            video: reader.video()?,
            audio: reader.audio()?,
            is_fragmented: reader.fragments.is_some(),
        };
        if movie.video.is_none() && movie.audio.is_none() {
            return Err(not_a_film("an MP4 file without picture and sound"));
        }
        Ok(movie)
    }
}

struct Reader<'a> {
    index: &'a Index,
    film_timescale: u32,
    /// Where fragments may follow: those, and what they leave unsaid.
    fragments: Option<(Shelf, Vec<Defaults>)>,
    tracks: Vec<Track<'a>>,
}

impl<'a> Reader<'a> {
    fn video(&self) -> Outcome<Option<Chosen<VideoCodec>>> {
        let candidates = self
            .tracks
            .iter()
            .filter(|track| track.medium == Medium::Video);
        self.first(candidates, |track, entry, _| {
            if entry::is_cover(entry) {
                return Ok(None);
            }
            let codec = entry::video(entry)?;
            if track.turned {
                Err(turned())
            } else {
                Ok(Some(codec))
            }
        })
    }

    fn audio(&self) -> Outcome<Option<Chosen<AudioCodec>>> {
        let candidates = self
            .tracks
            .iter()
            .filter(|track| track.medium == Medium::Audio);
        self.first(candidates, |_, entry, quicktime| {
            entry::audio(entry, quicktime).map(Some)
        })
    }

    /// The first candidate that can be packaged; else the first one's fault.
    fn first<'t, C>(
        &self,
        candidates: impl Iterator<Item = &'t Track<'a>>,
        codec: impl Fn(&Track<'a>, &Node<'a>, bool) -> Outcome<Option<C>>,
    ) -> Outcome<Option<Chosen<C>>>
    where
        'a: 't,
    {
        let mut first_fault = None;
        for track in candidates {
            match self.choose(track, &codec) {
                Ok(Some(chosen)) => return Ok(Some(chosen)),
                Ok(None) => {}
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        first_fault.map_or(Ok(None), Err)
    }

    /// The fragments that may hold samples of a track, and what they leave unsaid of it.
    fn fragments_of(&self, track: &Track<'a>) -> Option<(Fragments, Defaults)> {
        let (shelf, defaults) = self.fragments.as_ref()?;
        let defaults = defaults.iter().find(|known| known.track == track.id)?;
        let fragments = Fragments {
            shelf: shelf.clone(),
            track: track.id,
            from: self.index.in_file(self.index.len()),
        };
        Some((fragments, *defaults))
    }

    fn choose<C>(
        &self,
        track: &Track<'a>,
        codec: impl Fn(&Track<'a>, &Node<'a>, bool) -> Outcome<Option<C>>,
    ) -> Outcome<Option<Chosen<C>>> {
        let stbl = track.stbl()?;
        let tables = Tables::parse(self.index, &stbl)?;
        let fragments = self.fragments_of(track);
        if tables.count() == 0 && fragments.is_none() {
            return Ok(None);
        }
        let mut edit = Edit::parse(&track.node)?;
        let mut description = tables.description();
        if let Some((_, defaults)) = &fragments {
            // It was written before the end was known.
            edit.length = None;
            description = description.max(defaults.description.min(1 << 16));
        }
        let (entry, quicktime) = entry::describe(&stbl, description)?;
        let Some(codec) = codec(track, &entry, quicktime)? else {
            return Ok(None);
        };
        if !track.is_self_contained(entry::reference(&entry))? {
            return Err(unsupported_feature(
                "media_elsewhere",
                "The film's pictures or sound are kept in other files",
            ));
        }
        Ok(Some(Chosen {
            codec,
            samples: Samples {
                tables,
                fragments: fragments.map(|(fragments, _)| fragments),
            },
            edit,
            timescale: track.timescale()?,
            film_timescale: self.film_timescale,
        }))
    }
}

fn film_timescale(root: &Node<'_>) -> Outcome<u32> {
    let mvhd = root.need(*b"mvhd")?;
    let mut bytes = mvhd.bytes();
    let version = bytes.u32().map(|word| word >> 24);
    let skipped = bytes.take(if version == Some(1) { 16 } else { 8 });
    let scale = skipped.and_then(|_| bytes.u32()).filter(|&scale| scale > 0);
    scale.ok_or_else(|| damaged("it states no unit of time"))
}

fn turned() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "turned_film_not_supported",
        "The film's pictures are stored sideways with a note to turn them, as phones do, and streaming players ignore that note",
    )
}
