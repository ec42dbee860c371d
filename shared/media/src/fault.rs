//! The faults of a film, in words for the person who uploaded it.

use vault_domain::packaging::PackageFault;

pub(crate) type Outcome<T> = Result<T, PackageFault>;

const WISH: &str = "Export it as an MP4 with H.264 or HEVC video and AAC sound, and upload that";

/// The index contradicts itself.
pub(crate) fn damaged(what: &str) -> PackageFault {
    PackageFault::new(
        "damaged_film",
        format!("The film is damaged: {what}. {WISH}."),
    )
}

/// Bytes that the index promises lie beyond the end.
pub(crate) fn cut_short(what: &str) -> PackageFault {
    PackageFault::new(
        "film_cut_short",
        format!("The film is incomplete: {what}. Upload the whole file again."),
    )
}

pub(crate) fn not_a_film(found: &str) -> PackageFault {
    PackageFault::new(
        "not_a_film",
        format!("This file is not a film: it looks like {found}. {WISH}."),
    )
}

pub(crate) fn unsupported_container(found: &str) -> PackageFault {
    PackageFault::new(
        "unsupported_container",
        format!("This is {found}, which cannot be packaged. {WISH}."),
    )
}

pub(crate) fn unsupported_codec(part: &str, found: &str) -> PackageFault {
    PackageFault::new(
        "unsupported_codec",
        format!("The film's {part} is {found}, which cannot be packaged. {WISH}."),
    )
}

pub(crate) fn unsupported_feature(code: &'static str, found: &str) -> PackageFault {
    PackageFault::new(code, format!("{found}. {WISH}."))
}

/// The driver broke the protocol of `Packaging`.
pub(crate) fn driver(what: &str) -> PackageFault {
    PackageFault::new(
        "packaging_protocol",
        format!("The film could not be read: {what}."),
    )
}
