//! The config file and what goes in it.

pub(crate) mod encrypt;
pub(crate) mod file;
pub(crate) mod location;
pub(crate) mod obscure;
pub(crate) mod options;
pub(crate) mod store;
pub(crate) mod unlock;
pub(crate) mod wizard;

/// The types a remote can have, each with its description.
pub(crate) const TYPES: [(&str, &str); 2] = [("ftp", "FTP Connection"), ("local", "Local Disk")];
