//! Looks for bytes that break what [`fuzz::rare`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::rare(data));
