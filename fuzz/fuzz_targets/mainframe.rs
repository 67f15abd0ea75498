//! Looks for bytes that break what [`fuzz::mainframe`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::mainframe(data));
