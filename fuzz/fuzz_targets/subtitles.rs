#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| vault_properties::subtitles::holds(file));
