//! A sync engine over [`Remote`]s: walk both sides, compare, plan with a reason for every action,
//! execute, verify.
//!
//! Data flows one way: a [`Remote`] gives [`Listing`]s, the walk pairs them, the plan is a pure
//! merge-join of each pair, the executor carries it out and tells a [`Progress`] what happens.
//! Nothing here prints, reads flags or knows FTP; FTP lives in `remote/ftp.rs` alone.

mod backup;
mod bucket;
pub mod compare;
pub mod context;
pub mod encoding;
pub mod entry;
pub mod error;
mod execute;
pub mod filter;
pub mod hash;
pub mod journal;
pub mod ops;
pub mod partial;
pub mod path;
pub mod plan;
pub mod progress;
pub mod remote;
mod retry;
mod run;
pub mod walk;

pub use context::{Context, Options};
pub use entry::{Doubt, Entry, Kind, Listing, Modified};
pub use error::{Error, ErrorKind, Limit, Result};
pub use path::{Name, Path};
pub use progress::{Event, Progress};
pub use remote::{Capability, Remote, Tree};
pub use run::Failures;
