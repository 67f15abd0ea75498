//! Looks for bytes that break what [`fuzz::reply`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::reply(data));
