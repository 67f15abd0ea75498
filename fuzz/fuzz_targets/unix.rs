//! Looks for bytes that break what [`fuzz::unix`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::unix(data));
