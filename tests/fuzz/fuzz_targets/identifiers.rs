#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prikrep_fuzzing::identifiers(data));
