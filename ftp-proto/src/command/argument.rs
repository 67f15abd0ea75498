//! What follows a verb: bytes that stay on one line, as [RFC 2640 section 3.1] sends them.
//!
//! [RFC 2640 section 3.1]: https://www.rfc-editor.org/rfc/rfc2640#section-3.1

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use thiserror::Error;

/// Bytes that can follow a verb: they hold neither LF nor NUL.
///
/// "pathname = 1*(%x01..%xFF)" (RFC 2640 3.1), so a name may hold an LF; servers that end a command
/// at one exist all the same, and what follows it would be a command of its own. It is refused here.
/// A CR travels as `CR NUL`, and the telnet byte 0xFF doubled.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Argument(Box<[u8]>);

/// Why bytes cannot follow a verb: the caller must encode or refuse them.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ArgumentError {
    /// There is a line feed, which would begin another command.
    #[error("a name with a line feed cannot be sent")]
    LineFeed,
    /// A line begins with something else than a verb.
    #[error("a command begins with a word of letters and digits")]
    NoVerb,
    /// There is a NUL, which servers take for the end.
    #[error("a name with a NUL byte cannot be sent")]
    Nul,
}

impl Argument {
    /// Checks `bytes`.
    ///
    /// # Errors
    /// When they hold LF or NUL.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, ArgumentError> {
        let bytes = bytes.into();
        match memchr::memchr2(b'\n', 0, &bytes) {
            None => Ok(Self(bytes.into())),
            Some(at) if bytes[at] == 0 => Err(ArgumentError::Nul),
            Some(_) => Err(ArgumentError::LineFeed),
        }
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(&self.0), f)
    }
}

impl TryFrom<&[u8]> for Argument {
    type Error = ArgumentError;

    fn try_from(bytes: &[u8]) -> Result<Self, ArgumentError> {
        Self::new(bytes)
    }
}

impl TryFrom<&str> for Argument {
    type Error = ArgumentError;

    fn try_from(text: &str) -> Result<Self, ArgumentError> {
        Self::new(text)
    }
}

/// Writes `line` for people.
pub(super) fn show(line: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in String::from_utf8_lossy(line).chars() {
        f.write_char(if character.is_control() { '\u{fffd}' } else { character })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::*;
    use crate::telnet::escape;

    #[test]
    fn a_second_line_cannot_be_made() {
        assert_eq!(Argument::new("a\nDELE b"), Err(ArgumentError::LineFeed));
        assert_eq!(Argument::new("a\0b"), Err(ArgumentError::Nul));
        assert!(Argument::new("a\rb").is_ok());
        assert!(Argument::new("").is_ok());
    }

    proptest! {
        #[test]
        fn no_line_end_reaches_the_wire_and_nothing_is_lost(bytes: Vec<u8>) {
            let Ok(argument) = Argument::new(bytes.clone()) else { return Ok(()) };
            let mut out = BytesMut::new();
            escape(argument.as_bytes(), &mut out);
            prop_assert!(!out.contains(&b'\n'));
            let mut read = Vec::new();
            let mut rest = &out[..];
            while let [byte, tail @ ..] = rest {
                read.push(*byte);
                rest = if matches!(byte, b'\r' | 0xff) { &tail[1..] } else { tail };
            }
            prop_assert_eq!(read, bytes);
        }
    }
}
