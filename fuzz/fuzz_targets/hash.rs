//! Looks for bytes that break what [`fuzz::hash`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::hash(data));
