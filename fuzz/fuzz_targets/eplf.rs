//! Looks for bytes that break what [`fuzz::eplf`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::eplf(data));
