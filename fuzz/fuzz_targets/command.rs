//! Looks for bytes that break what [`fuzz::command`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::command(data));
