//! Looks for bytes that break what [`fuzz::address`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::address(data));
