//! The document of the API, made from the code: it is the one that is committed, it has every route, and nothing in it
//! is left unsaid.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use vault_http::openapi::{Document, Section, document};

use crate::matrix::routes;

/// A function that is new brings a section along.
fn sections() -> Vec<Section> {
    vec![
        login::openapi::section(),
        manage_account::openapi::section(),
        mint_token::openapi::section(),
        manage_api_keys::openapi::section(),
        manage_webhooks::openapi::section(),
        recover_account::openapi::section(),
        manage_organisation::openapi::section(),
        presign_upload::openapi::section(),
        finalize_upload::openapi::section(),
        manage_assets::openapi::section(),
        manage_access::openapi::section(),
        authorize_playback::openapi::section(),
        deliver_playlist::openapi::section(),
        deliver_key::openapi::section(),
        deliver_preview::openapi::section(),
        authorize_download::openapi::section(),
        withdraw_asset::openapi::section(),
        manage_shares::openapi::section(),
        exchange_share::openapi::section(),
        erase_account::openapi::section(),
        manage_deletion::openapi::section(),
        read_audit::openapi::section(),
    ]
}

fn made() -> Document {
    document(&sections())
}

/// `GET /v1/…` of every operation of a document.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    methods.collect()
}

/// `cargo xtask openapi` has it written.
#[test]
fn the_committed_document_is_what_the_code_says() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let mut text = serde_json::to_string_pretty(&made().value).unwrap();
    text.push('\n');
    #[expect(clippy::disallowed_methods, reason = "asks for the file to be written")]
    if std::env::var("REELVAULT_OPENAPI").is_ok_and(|wish| wish == "write") {
        std::fs::write(&place, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi.json is not what the code says: run `cargo xtask openapi`"
    );
}

#[test]
fn every_route_of_the_template_has_an_operation_and_every_operation_a_route() {
    let routes: BTreeSet<String> = routes().into_keys().collect();
    let described = operations(&made().value);
    let missing: Vec<_> = routes.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&routes).collect();
    assert!(missing.is_empty(), "without an operation: {missing:?}");
    assert!(unknown.is_empty(), "without a route: {unknown:?}");
}

#[test]
fn nothing_in_the_document_is_left_unsaid() {
    assert_eq!(made().faults, Vec::<String>::new());
}
