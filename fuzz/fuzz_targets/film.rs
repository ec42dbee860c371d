#![no_main]

libfuzzer_sys::fuzz_target!(|film: &[u8]| vault_properties::film::holds(film));
