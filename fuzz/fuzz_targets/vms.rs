//! Looks for bytes that break what [`fuzz::vms`] asserts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::vms(data));
