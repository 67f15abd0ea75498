//! What a user asks for, a file a verb. Each verb tells its listener what it does and ends with the
//! [`Failures`] it met.

mod cat;
mod check;
mod entries;
mod mkdir;
mod purge;
mod remove;
mod rmdirs;
mod size;
mod sync;
mod touch;

pub use cat::{cat, rcat};
pub use check::{CheckOptions, CheckSummary, Difference, Outcome, check};
pub use entries::{Found, entries, entries_with_times};
pub use mkdir::{mkdir, rmdir};
pub use purge::purge;
pub use remove::{cleanup, delete, delete_file};
pub use rmdirs::rmdirs;
pub use size::{Size, size};
pub use sync::{Mode, copy_file, sync};
pub use touch::touch;

pub use crate::run::Failures;
