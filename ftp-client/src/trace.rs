//! What a subscriber of tracing is told: a span for each session, in it one for each command while
//! it is in flight, and in that the dialogue, of which secrets are no part.
//!
//! Commands that are queued overlap, and so do their spans.

use ftp_proto::{Command, Reply};
use tracing::{Span, debug, debug_span, info_span};

use crate::options::Options;

/// The target of the dialogue: `FTP Tx: "…"` for what is sent and `FTP Rx: "…"` for what comes back,
/// listings among it.
pub const WIRE: &str = "ftp_client::wire";

/// Returns the span of a session: it has no parent, since it outlives the operation that opened it.
pub(crate) fn session(options: &Options) -> Span {
    let Options { host, port, .. } = options;
    info_span!(parent: None, "session", host, port)
}

/// Returns the span of a command, and tells that it is sent.
pub(crate) fn sent(session: &Span, command: &Command) -> Span {
    let span = debug_span!(parent: session, "command", verb = command.verb());
    debug!(target: WIRE, parent: &span, "FTP Tx: {:?}", command.to_string());
    span
}

/// Tells a piece of a listing.
pub(crate) fn listed(piece: &[u8]) {
    debug!(target: WIRE, "FTP Rx: {:?}", String::from_utf8_lossy(piece));
}

/// Tells what the server says.
pub(crate) fn received(span: &Span, reply: &Reply) {
    debug!(target: WIRE, parent: span, "FTP Rx: {:?}", text(reply));
}

fn text(reply: &Reply) -> String {
    let lines: Vec<_> = reply.lines().map(String::from_utf8_lossy).collect();
    lines.join("\n")
}
