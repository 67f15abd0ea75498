//! Looks for bytes that break what [`fuzz::dos`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::dos(data));
