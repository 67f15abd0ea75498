//! Looks for bytes that break what [`fuzz::mlsx`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::mlsx(data));
