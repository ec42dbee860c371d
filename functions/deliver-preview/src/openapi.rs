//! What describes the route.

use vault_domain::id::KeyId;
use vault_domain::preview::PreviewName;
use vault_http::openapi::{Operation, Section, Text, Ticket};
use vault_http::problem::Code;
use vault_http::shape;

const TOLD: &str = "What was asked for";

shape! {
    /// A poster, or a sheet.
    Picture = { "description": "A JPEG picture." };
    /// Peaks of a sound.
    Waveform = { "type": "object", "description": "The peaks of the sound, in version 2 of audiowaveform's data format: pairs of the least and the greatest sample.", "properties": {
        "version": { "type": "integer", "description": "Of the format.", "const": 2 },
        "channels": { "type": "integer", "description": "All channels are one.", "const": 1 },
        "sample_rate": { "type": "integer", "description": "Samples a second." },
        "samples_per_pixel": { "type": "integer", "description": "Samples that one pair stands for." },
        "bits": { "type": "integer", "description": "Of each number.", "const": 8 },
        "length": { "type": "integer", "description": "How many pairs there are." },
        "data": { "type": "array", "description": "The pairs, one after the other.", "items": { "type": "integer", "minimum": -128, "maximum": 127 } },
    }, "required": ["version", "channels", "sample_rate", "samples_per_pixel", "bits", "length", "data"] };
}

/// The routes of this function.
pub fn section() -> Section {
    let of = PreviewName::media_type;
    let operations = vec![
        Operation::new(
            "GET /v1/playback/{token}/previews/{key_id}/{preview}",
            "getPreview",
            "A poster, a storyboard (WebVTT), a sheet of it, or a waveform of an open view's film, as its opening names them",
        )
        .open()
        .path::<Ticket>("token")
        .path::<KeyId>("key_id")
        .replies_as::<Picture>(200, of(PreviewName::Poster), TOLD)
        .replies_as::<Text>(200, of(PreviewName::Storyboard), TOLD)
        .replies_as::<Waveform>(200, of(PreviewName::Waveform), TOLD)
        .refuses(&[
            Code::InvalidToken,
            Code::NotFound,
            Code::OutsideNetwork,
            Code::OtherOrigin,
            Code::WatchedElsewhere,
            Code::WrongState,
            Code::AssetWithdrawn,
        ]),
    ];
    Section::new("Previews", "What players show beside a film.", operations)
}
