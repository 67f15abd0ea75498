//! Looks for bytes that break what [`fuzz::reader`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::reader(data));
