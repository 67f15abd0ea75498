//! The only place that prints to standard output.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints a line.
///
/// # Errors
/// When standard output cannot be written; a reader that went away is told apart at the exit.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}
