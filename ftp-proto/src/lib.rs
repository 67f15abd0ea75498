//! The FTP protocol without I/O: bytes in, values out.
//!
//! [`reply`] cuts and reads what a server says, [`command`] writes what a client says, and
//! [`exchange`] knows which reply answers which command in flight. The remaining modules read what
//! replies carry, and [`listing`] what data connections do: [`feature`], [`address`], [`path`],
//! [`refusal`], [`time`], [`size`], [`quota`], [`hash`], [`security`], [`status`], [`system`].
//!
//! The crate opens no socket, reads no clock and needs only `alloc`. Bytes from a server never
//! panic, and every length has a cap. It leaves waiting, sending and deciding to its callers.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod address;
pub mod command;
pub mod error;
pub mod exchange;
pub mod feature;
pub mod hash;
pub mod listing;
pub mod path;
pub mod quota;
pub mod refusal;
pub mod reply;
pub mod secret;
pub mod security;
pub mod size;
pub mod status;
#[cfg(any(test, feature = "proptest"))]
pub mod strategy;
pub mod system;
mod telnet;
pub mod time;

/// The buffers that commands and replies are written to and read from.
pub use bytes;
/// The civil times of listings and replies.
pub use jiff;

pub use command::{Argument, Command};
pub use error::Misread;
pub use exchange::Exchange;
pub use feature::Features;
pub use reply::{Code, Decoder, Reply};
pub use secret::Secret;

/// The examples of the README, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
