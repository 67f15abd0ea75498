//! Cutting replies out of a stream that may be split anywhere: [RFC 959 section 4.2].
//!
//! A reply of several lines begins with `code-` and ends at the first line that has the same code
//! and then a blank; everything between is free, lines that look like other replies included.
//!
//! [RFC 959 section 4.2]: https://www.rfc-editor.org/rfc/rfc959#section-4.2

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use bytes::{Bytes, BytesMut};
use thiserror::Error;

use super::{Code, Reply, telnet};

/// How long a line and a reply may grow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes in one line, its end included.
    pub line: usize,
    /// Bytes in all lines of one reply.
    pub reply: usize,
}

impl Default for Limits {
    /// 64 KiB a line, since `MLST` lines hold paths; 16 MiB a reply, since `STAT` lists directories.
    fn default() -> Self {
        Self { line: 64 * 1024, reply: 16 * 1024 * 1024 }
    }
}

/// Why the stream of replies cannot be read on; the connection is of no further use.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A line grew beyond [`Limits::line`].
    #[error("a line of a reply is longer than {limit} bytes")]
    LineTooLong {
        /// The limit.
        limit: usize,
    },
    /// A reply began with something else than three digits.
    #[error("this is no reply: `{line}`")]
    NotAReply {
        /// The line, shortened and readable.
        line: String,
    },
    /// A reply grew beyond [`Limits::reply`] without its last line.
    #[error("a reply is longer than {limit} bytes")]
    ReplyTooLong {
        /// The limit.
        limit: usize,
    },
    /// The stream ended within a reply.
    #[error("the connection ended within a reply")]
    Truncated,
}

/// Joins bytes to replies.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    limits: Limits,
    /// Bytes at the head of the buffer already known to hold no line end.
    scanned: usize,
    /// Code of the multi-line reply being read.
    open: Option<Code>,
    lines: Vec<Bytes>,
    /// Bytes in `lines`, line ends included.
    size: usize,
}

impl Decoder {
    /// Returns a decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes the next complete reply out of `buffer`, or returns `None` when it needs more bytes.
    ///
    /// # Errors
    /// After an error the stream has no meaning any more.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, DecodeError> {
        while let Some(line) = self.line(buffer)? {
            if let Some(reply) = self.push(line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Takes what is left when the peer has closed: a last line may lack its end.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when a reply lacks its last line.
    pub fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, DecodeError> {
        if let Some(reply) = self.decode(buffer)? {
            return Ok(Some(reply));
        }
        self.scanned = 0;
        if !buffer.is_empty() {
            let line = buffer.split().freeze();
            if let Some(reply) = self.push(line)? {
                return Ok(Some(reply));
            }
        }
        if self.open.is_some() { Err(DecodeError::Truncated) } else { Ok(None) }
    }

    /// Tells whether the decoder holds nothing of a reply that has only begun.
    pub fn is_idle(&self) -> bool {
        self.open.is_none()
    }

    fn line(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, DecodeError> {
        let limit = self.limits.line;
        let end = memchr::memchr(b'\n', &buffer[self.scanned..]).map(|end| end + self.scanned);
        if end.unwrap_or(buffer.len()) >= limit {
            return Err(DecodeError::LineTooLong { limit });
        }
        let Some(end) = end else {
            self.scanned = buffer.len();
            return Ok(None);
        };
        self.scanned = 0;
        Ok(Some(buffer.split_to(end + 1).freeze()))
    }

    fn push(&mut self, line: Bytes) -> Result<Option<Reply>, DecodeError> {
        self.size += line.len();
        if self.size > self.limits.reply {
            return Err(DecodeError::ReplyTooLong { limit: self.limits.reply });
        }
        let line = telnet::strip(line);
        let line = line.slice(..line.trim_suffix_ends());
        let Some(code) = self.open else { return self.begin(line) };
        let ends =
            Code::at_head_of(&line) == Some(code) && matches!(line.get(3), None | Some(b' '));
        self.lines.push(line);
        Ok(ends.then(|| self.take(code)))
    }

    /// Reads a first line. Servers that send a bare `226`, or `220Welcome`, exist.
    fn begin(&mut self, line: Bytes) -> Result<Option<Reply>, DecodeError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            self.size = 0;
            return Ok(None);
        }
        let code = Code::at_head_of(&line).filter(|_| !line.get(3).is_some_and(u8::is_ascii_digit));
        let code = code.ok_or_else(|| DecodeError::NotAReply { line: shown(&line) })?;
        let continues = line.get(3) == Some(&b'-');
        self.lines.push(line);
        if continues {
            self.open = Some(code);
            return Ok(None);
        }
        Ok(Some(self.take(code)))
    }

    fn take(&mut self, code: Code) -> Reply {
        self.open = None;
        self.size = 0;
        Reply { code, lines: mem::take(&mut self.lines) }
    }
}

/// Finding where a line's text ends.
trait LineEnd {
    /// Returns the length without CR and LF at the end.
    fn trim_suffix_ends(&self) -> usize;
}

impl LineEnd for Bytes {
    fn trim_suffix_ends(&self) -> usize {
        self.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1)
    }
}

fn shown(line: &[u8]) -> String {
    let head = &line[..line.len().min(80)];
    let text = String::from_utf8_lossy(head);
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn feed(decoder: &mut Decoder, input: &[u8], step: usize) -> Result<Vec<String>, DecodeError> {
        let mut buffer = BytesMut::new();
        let mut replies = Vec::new();
        for piece in input.chunks(step.max(1)) {
            buffer.extend_from_slice(piece);
            while let Some(reply) = decoder.decode(&mut buffer)? {
                replies.push(joined(&reply));
            }
        }
        while let Some(reply) = decoder.decode_eof(&mut buffer)? {
            replies.push(joined(&reply));
        }
        Ok(replies)
    }

    fn joined(reply: &Reply) -> String {
        let lines: Vec<_> = reply.lines().map(String::from_utf8_lossy).collect();
        lines.join("\n")
    }

    #[track_caller]
    fn check(input: &[u8], expected: Result<Vec<&str>, DecodeError>) {
        let expected = expected.map(|all| all.into_iter().map(str::to_string).collect::<Vec<_>>());
        for step in [input.len(), 1, 2, 3] {
            assert_eq!(feed(&mut Decoder::default(), input, step), expected, "in steps of {step}");
        }
    }

    fn not_a_reply(line: &str) -> Result<Vec<&'static str>, DecodeError> {
        Err(DecodeError::NotAReply { line: line.to_string() })
    }

    #[test]
    fn single_lines() {
        check(b"200 A\r\n226 B\r\n", Ok(vec!["200 A", "226 B"]));
        check(b"200 bare LF\n226\n", Ok(vec!["200 bare LF", "226"]));
        check(b"220 \r\n", Ok(vec!["220 "]));
        check(b"220Welcome\r\n", Ok(vec!["220Welcome"]));
        check(b"\r\n\n200 A\r\n \r\n", Ok(vec!["200 A"]));
        check(b"200 two ends\r\r\n", Ok(vec!["200 two ends"]));
        check(b"221 no end", Ok(vec!["221 no end"]));
    }

    #[test]
    fn multi_line_ends_only_at_its_own_code() {
        check(b"150-A\r\n160-B\r\n150 C\r\n", Ok(vec!["150-A\n160-B\n150 C"]));
        check(b"230-a\r\n 230 b\r\n230 c\r\n", Ok(vec!["230-a\n 230 b\n230 c"]));
        check(b"230-a\r\n300 b\r\n2300\r\n230 c\r\n", Ok(vec!["230-a\n300 b\n2300\n230 c"]));
        check(b"230-a\r\n\r\n230-\r\n230\r\n", Ok(vec!["230-a\n\n230-\n230"]));
        check(b"211-a\r\n220 b\r\n211 c\r\n221 d\r\n", Ok(vec!["211-a\n220 b\n211 c", "221 d"]));
    }

    #[test]
    fn telnet_negotiation_is_no_text() {
        check(b"\xff\xfd\x18220 hi\r\n", Ok(vec!["220 hi"]));
    }

    #[test]
    fn other_text_is_no_reply() {
        check(b"HTTP/1.1 400 Bad Request\r\n", not_a_reply("HTTP/1.1 400 Bad Request"));
        check(b"SSH-2.0-OpenSSH\x07\r\n", not_a_reply("SSH-2.0-OpenSSH\u{fffd}"));
        check(b"20\r\n", not_a_reply("20"));
        check(b"2200 x\r\n", not_a_reply("2200 x"));
        check(b"099 x\r\n", not_a_reply("099 x"));
        check(b"600 x\r\n", not_a_reply("600 x"));
    }

    #[test]
    fn a_reply_cut_by_the_end_is_an_error() {
        check(b"150-A\r\n150-B\r\n", Err(DecodeError::Truncated));
        check(b"150-A", Err(DecodeError::Truncated));
    }

    #[test]
    fn lines_and_replies_have_caps() {
        let limits = Limits { line: 10, reply: 25 };
        let run = |input: &[u8], step| feed(&mut Decoder::new(limits), input, step);
        assert_eq!(run(b"200 4567\r\n", 1), Ok(vec!["200 4567".to_string()]));
        for step in [1, 100] {
            let long = run(b"200 45678\r\n", step);
            assert_eq!(long, Err(DecodeError::LineTooLong { limit: 10 }));
            let many = run(b"200-4567\r\n200-4567\r\n200 4567\r\n", step);
            assert_eq!(many, Err(DecodeError::ReplyTooLong { limit: 25 }));
        }
        let blank_lines = b"\r\n".repeat(100);
        assert_eq!(run(&blank_lines, 7), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn any_bytes_split_anywhere_give_the_same(bytes: Vec<u8>, step in 1_usize..9) {
            let whole = feed(&mut Decoder::default(), &bytes, bytes.len());
            let split = feed(&mut Decoder::default(), &bytes, step);
            prop_assert_eq!(whole, split);
        }
    }
}
