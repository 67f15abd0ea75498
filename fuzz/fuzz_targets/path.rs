//! Looks for bytes that break what [`fuzz::path`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::path(data));
