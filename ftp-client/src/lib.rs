//! An FTP client that keeps commands in flight, with TLS that works everywhere.
//!
//! A [`Pool`] lends sessions of one server; a [`Session`] lists, looks up and changes; a [`Lease`]
//! turns into a [`Download`] or an [`Upload`]. What is learnt about the server on the way is its
//! [`Personality`], shared by all its sessions.

#![forbid(unsafe_code)]

mod codec;
mod control;
pub mod dial;
mod ending;
pub mod error;
pub mod options;
pub mod personality;
mod pool;
mod proxy;
mod read;
mod retry;
mod session;
pub mod stream;
pub mod tls;
mod trace;
mod write;

pub use ending::{Ending, Finish, Finished};
pub use error::{Error, ErrorKind, Result};
pub use ftp_proto;
pub use options::Options;
pub use personality::Personality;
pub use pool::{Lease, Pool};
pub use read::Download;
pub use retry::Cure;
pub use session::{Listing, Session};
pub use trace::WIRE;
pub use write::Upload;
