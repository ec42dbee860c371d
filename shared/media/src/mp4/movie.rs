//! Which tracks of a film are packaged: one picture, all sounds and subtitles.

use vault_domain::packaging::PackageFault;

use crate::codec::{AudioCodec, TextCodec, VideoCodec};
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
/// More sounds or subtitles to choose from than this are refused.
const MAX_SOUNDS: usize = 16;
const MAX_TEXTS: usize = 32;

/// A chosen track: its clock, tables and decoder.
pub(crate) struct Chosen<C> {
    pub(crate) codec: C,
    /// BCP 47.
    pub(crate) language: Option<String>,
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
    /// Those that are enabled first.
    pub(crate) sounds: Vec<Chosen<AudioCodec>>,
    pub(crate) texts: Vec<Chosen<TextCodec>>,
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
            sounds: reader.sounds()?,
            texts: reader.texts()?,
            is_fragmented: reader.fragments.is_some(),
        };
        if movie.video.is_none() && movie.sounds.is_empty() {
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
        self.first(self.of(Medium::Video), |track, entry, _| {
            if entry::is_cover(entry) {
                return Ok(None);
            }
            let mut codec = entry::video(entry)?;
            codec.range = entry::range(entry);
            if track.turned {
                Err(turned())
            } else {
                Ok(Some(codec))
            }
        })
    }

    /// All sounds that can be packaged; if there is none, the fault of the first.
    fn sounds(&self) -> Outcome<Vec<Chosen<AudioCodec>>> {
        let candidates = self.of(Medium::Audio);
        let (sounds, fault) = self.all(candidates, |_, entry, quicktime| {
            entry::audio(entry, quicktime).map(Some)
        });
        if sounds.len() > MAX_SOUNDS {
            return Err(crowded("sound", MAX_SOUNDS));
        }
        match fault {
            Some(fault) if sounds.is_empty() => Err(fault),
            _ => Ok(sounds),
        }
    }

    /// All subtitles that can be packaged; chapters are none.
    fn texts(&self) -> Outcome<Vec<Chosen<TextCodec>>> {
        let chapters: Vec<u32> = self.tracks.iter().flat_map(Track::chapters).collect();
        let candidates = self.of(Medium::Text);
        let candidates = candidates.filter(|track| !chapters.contains(&track.id));
        let (texts, _) = self.all(candidates, |_, entry, _| entry::text(entry));
        if texts.len() > MAX_TEXTS {
            return Err(crowded("subtitle", MAX_TEXTS));
        }
        Ok(texts)
    }

    fn of(&self, medium: Medium) -> impl Iterator<Item = &Track<'a>> {
        let tracks = self.tracks.iter();
        tracks.filter(move |track| track.medium == medium)
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
        let (chosen, fault) = self.all(candidates, codec);
        match (chosen.into_iter().next(), fault) {
            (None, Some(fault)) => Err(fault),
            (chosen, _) => Ok(chosen),
        }
    }

    /// The candidates that can be packaged, and the first fault.
    fn all<'t, C>(
        &self,
        candidates: impl Iterator<Item = &'t Track<'a>>,
        codec: impl Fn(&Track<'a>, &Node<'a>, bool) -> Outcome<Option<C>>,
    ) -> (Vec<Chosen<C>>, Option<PackageFault>)
    where
        'a: 't,
    {
        let (mut all, mut first_fault) = (Vec::new(), None);
        for track in candidates {
            match self.choose(track, &codec) {
                Ok(chosen) => all.extend(chosen),
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        (all, first_fault)
    }

    /// The fragments that may hold samples of a track, and what they leave unsaid of it.
    fn fragments_of(&self, track: &Track<'a>) -> Option<(Fragments, Defaults)> {
        let (fragments, defaults) = self.fragments.as_ref()?;
        let defaults = defaults.iter().find(|known| known.track == track.id)?;
        let fragments = Fragments {
            shelf: fragments.clone(),
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
            language: track.language(),
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

fn crowded(what: &str, most: usize) -> PackageFault {
    unsupported_feature(
        "too_many_tracks",
        &format!("The film has more than {most} {what} tracks"),
    )
}

fn turned() -> PackageFault {
    unsupported_feature(
        "turned_film_not_supported",
        "The film's pictures are stored sideways with a note to turn them, as phones do, and streaming players ignore that note",
    )
}
