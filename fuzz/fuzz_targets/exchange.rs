//! Looks for bytes that break what [`fuzz::exchange`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::exchange(data));
