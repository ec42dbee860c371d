#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| vault_properties::events::holds(text));
