//! What the fuzz targets check: each function takes any bytes and panics where a promise of
//! `ftp-proto` does not hold.
//!
//! The targets below `fuzz_targets` are one line each. `tests/corpus.rs` runs the committed seeds
//! through the same checks in ordinary tests, on stable.

mod listings;
mod replies;

pub use listings::{dos, eplf, mainframe, mlsx, rare, reader, unix, vms};
pub use replies::{address, command, exchange, feature, hash, path, reply};

/// A target: its name, which is that of its binary and of its seeds, and its check.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("address", address),
    ("command", command),
    ("dos", dos),
    ("eplf", eplf),
    ("exchange", exchange),
    ("feature", feature),
    ("hash", hash),
    ("mainframe", mainframe),
    ("mlsx", mlsx),
    ("path", path),
    ("rare", rare),
    ("reader", reader),
    ("reply", reply),
    ("unix", unix),
    ("vms", vms),
];
