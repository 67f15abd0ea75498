//! An FTP client that keeps commands in flight, with TLS that works everywhere.
//!
//! A [`Pool`] lends sessions of one server, and [`Session::connect`] makes one alone. A [`Session`]
//! lists, looks up and changes; its [`Lease`] turns into a [`Download`] or an [`Upload`], which serve
//! as tokio's streams too ([`io`]). What is learnt about the server on the way is its
//! [`Personality`], shared by all its sessions.
//!
//! Any future may be dropped at any await: a session is then in step or discarded. An [`Error`] says
//! by its [`ErrorKind`] who is to blame, with the command and the server's own words. Each session
//! and each command in flight is a span of tracing, and the dialogue has a target of its own,
//! [`WIRE`]; passwords and accounts show as `***`.

#![forbid(unsafe_code)]

mod codec;
mod control;
pub mod dial;
mod ending;
pub mod error;
pub mod io;
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
pub use session::{Listing, Room, Session};
pub use trace::WIRE;
pub use write::Upload;

/// The example of the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
