#![no_main]

libfuzzer_sys::fuzz_target!(|given: (u64, u64, &str)| vault_properties::plan::holds(given.0, given.1, given.2));
