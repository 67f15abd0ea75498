//! What the end-to-end suites stand on: real servers, a scripted peer, a faulty line, certificates
//! and trees of files.
//!
//! Every [`Server`] is a process of its own with a folder of its own on a free port of loopback, so
//! that tests run side by side and any number of test runs do. `tests/run` fetches the servers; a
//! test whose server is missing says so and passes, or fails where `CI=true`.

pub mod certs;
pub mod fault;
pub mod peer;
pub mod program;
pub mod proxy;
pub mod script;
pub mod served;
pub mod servers;
pub mod tree;
pub mod wan;
mod wire;

pub use peer::Peer;
pub use program::{Output, Program};
pub use served::Served;
pub use servers::{Security, Server, Software};
