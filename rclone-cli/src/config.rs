//! The config file and what goes in it.

pub(crate) mod options;
