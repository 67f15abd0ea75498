//! An FTP client that keeps commands in flight, with TLS that works everywhere.
//!
//! A [`Dialer`](dial::Dialer) makes connections, [`Tls`](tls::Tls) secures them, a
//! [`Stream`](stream::Stream) never waits for longer than its idle timeout.

pub mod dial;
pub mod error;
pub mod options;
mod proxy;
pub mod stream;
pub mod tls;

pub use error::{Error, ErrorKind};
pub use options::Options;
