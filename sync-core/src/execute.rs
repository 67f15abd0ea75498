//! Carries out what a plan asks for.

pub(crate) mod remove;
