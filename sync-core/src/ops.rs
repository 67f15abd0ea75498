//! What a user asks for, a file a verb. Each verb tells its listener what it does and ends with the
//! [`Failures`] it met.

mod entries;
mod mkdir;
mod purge;
mod remove;
mod rmdirs;
mod size;

pub use entries::{Found, entries};
pub use mkdir::{mkdir, rmdir};
pub use purge::purge;
pub use remove::{delete, delete_file};
pub use rmdirs::rmdirs;
pub use size::{Size, size};

pub use crate::run::Failures;
