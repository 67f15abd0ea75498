//! The config file and what goes in it.

pub(crate) mod encrypt;
pub(crate) mod file;
pub(crate) mod location;
pub(crate) mod obscure;
pub(crate) mod options;
pub(crate) mod store;
pub(crate) mod unlock;
