//! Looks for bytes that break what [`fuzz::feature`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::feature(data));
