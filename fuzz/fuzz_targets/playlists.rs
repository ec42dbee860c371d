#![no_main]

libfuzzer_sys::fuzz_target!(|given: vault_properties::playlists::Given| vault_properties::playlists::holds(&given));
