//! The error of reading a value out of a reply.

use alloc::string::{String, ToString};

use thiserror::Error;

use crate::reply::Reply;

/// A reply that does not hold what its code promises: the server misbehaved.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("no {wanted} in the reply `{reply}`")]
#[non_exhaustive]
pub struct Misread {
    /// What was looked for.
    pub wanted: &'static str,
    /// The reply as logs show it.
    pub reply: String,
}

impl Misread {
    pub(crate) fn new(wanted: &'static str, reply: &Reply) -> Self {
        Self { wanted, reply: reply.to_string() }
    }
}
