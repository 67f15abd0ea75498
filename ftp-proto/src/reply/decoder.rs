//! Cutting replies out of a stream that may be split anywhere: [RFC 959 section 4.2].
//!
//! A reply of several lines begins with `code-` and ends at the first line that has the same code
//! and then a blank; everything between is free, lines that look like other replies included.
//!
//! Servers that end a reply with another code than it began with exist (glFTPd). Nothing in the
//! bytes tells such an end from text, only the silence that follows it does: whoever keeps the time
//! asks [`Decoder::recover`] then, at most once for each reply.
//!
//! [RFC 959 section 4.2]: https://www.rfc-editor.org/rfc/rfc959#section-4.2

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use bytes::{Bytes, BytesMut};
use thiserror::Error;

use super::{Code, Reply};
use crate::telnet;

/// How long a line and a reply may grow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes in one line, its end included.
    pub line: usize,
    /// Bytes in all lines of one reply, where each line counts for at least [`LINE_COST`].
    pub reply: usize,
}

/// What the shortest line of a reply counts for, since keeping it takes that much.
pub const LINE_COST: usize = size_of::<Bytes>();

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
    /// What `lines` counts for against the limit.
    size: usize,
    steps: u64,
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
            if let Some(reply) = self.push(&line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Takes what is left when the peer has closed: a last line may lack its end.
    ///
    /// A refusal stands although its last line is missing, for nothing it could still say would
    /// change it; a closing server often says no more than `421-Too many connections`.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when any other reply lacks its last line.
    pub fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Reply>, DecodeError> {
        if let Some(reply) = self.decode(buffer)? {
            return Ok(Some(reply));
        }
        self.scanned = 0;
        if !buffer.is_empty() {
            let line = buffer.split().freeze();
            if let Some(reply) = self.push(&line)? {
                return Ok(Some(reply));
            }
        }
        let Some(code) = self.open else { return Ok(None) };
        if let Some(reply) = self.recover() {
            return Ok(Some(reply));
        }
        if !code.is_failure() {
            return Err(DecodeError::Truncated);
        }
        Ok(Some(self.take(code)))
    }

    /// Takes the reply being read for complete where its last line looks like an end, but for
    /// its code: to be asked when the server has been silent for a while.
    ///
    /// The code of that line counts, for glFTPd begins with `553-` what it says about a directory
    /// and ends with `150 Opening BINARY mode data connection`. A `421` within another reply is
    /// found in the same way. [`Reply::is_whole`] tells such a reply from others.
    pub fn recover(&mut self) -> Option<Reply> {
        let code = self.other_end()?;
        Some(self.take(code))
    }

    /// Tells whether [`Self::recover`] would find an end, and in how many lines, by which a caller
    /// sees that the server has not been silent.
    pub fn may_have_ended(&self) -> Option<usize> {
        self.other_end().map(|_| self.lines.len())
    }

    fn other_end(&self) -> Option<Code> {
        self.open?;
        let last = self.lines.last().filter(|_| self.lines.len() > 1)?;
        Code::at_head_of(last).filter(|_| last.get(3) == Some(&b' '))
    }

    /// Returns how many bytes were looked at for the end of a line: work grows with the input, and
    /// no faster, however it is split.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Tells whether the decoder holds nothing of a reply that has only begun.
    pub fn is_idle(&self) -> bool {
        self.open.is_none()
    }

    fn line(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, DecodeError> {
        let limit = self.limits.line;
        // Whoever owns the buffer may have emptied it.
        let begin = self.scanned.min(buffer.len());
        let end = memchr::memchr(b'\n', &buffer[begin..]).map(|end| end + begin);
        let seen = end.map_or(buffer.len(), |end| end + 1);
        self.steps += (seen - begin) as u64;
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

    fn push(&mut self, line: &Bytes) -> Result<Option<Reply>, DecodeError> {
        self.size += line.len().max(LINE_COST);
        if self.size > self.limits.reply {
            return Err(DecodeError::ReplyTooLong { limit: self.limits.reply });
        }
        let line = telnet::strip(line);
        let line = line.slice(..line.trim_suffix_ends());
        let Some(code) = self.open else { return self.begin(line) };
        let last = is_last(&line, code);
        self.lines.push(line);
        Ok(last.then(|| self.take(code)))
    }

    /// Reads a first line: "A reply is defined to contain the 3-digit code, followed by Space
    /// \<SP\>, followed by one line of text" (RFC 959 4.2). Empty lines before it are skipped.
    fn begin(&mut self, line: Bytes) -> Result<Option<Reply>, DecodeError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            self.size = 0;
            return Ok(None);
        }
        let Some(code) = first_code(&line) else {
            return Err(DecodeError::NotAReply { line: shown(&line) });
        };
        let continues = is_continued(&line);
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

/// Reads the code of a first line. Servers that send a bare `226`, or `220Welcome`, exist; a
/// fourth digit makes it another number.
fn first_code(line: &[u8]) -> Option<Code> {
    Code::at_head_of(line).filter(|_| !line.get(3).is_some_and(u8::is_ascii_digit))
}

/// "The first line will begin with the exact required reply code, followed immediately by a
/// Hyphen" (RFC 959 4.2).
pub(super) fn is_continued(line: &[u8]) -> bool {
    line.get(3) == Some(&b'-')
}

/// "The last line will begin with the same code, followed immediately by Space \<SP\>, optionally
/// some text" (RFC 959 4.2). Servers that leave out the blank where there is no text exist.
pub(super) fn is_last(line: &[u8], code: Code) -> bool {
    Code::at_head_of(line) == Some(code) && matches!(line.get(3), None | Some(b' '))
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
        check(b"700 x\r\n", not_a_reply("700 x"));
    }

    #[test]
    fn a_reply_cut_by_the_end_is_an_error() {
        check(b"150-A\r\n150-B\r\n", Err(DecodeError::Truncated));
        check(b"150-A", Err(DecodeError::Truncated));
        check(b"213-x\r\n200\r\n", Err(DecodeError::Truncated));
    }

    #[test]
    fn a_refusal_cut_by_the_end_stands() {
        check(b"421-Too many connections\r\n", Ok(vec!["421-Too many connections"]));
        check(b"530-No\r\n530-more\r\n", Ok(vec!["530-No\n530-more"]));
        check(b"550-No", Ok(vec!["550-No"]));
    }

    #[test]
    fn a_421_within_another_reply_is_found_at_the_end() {
        let mut decoder = Decoder::default();
        let mut buffer = BytesMut::from("213-Status:\r\n a\r\n421 Timeout\r\n");
        assert_eq!(decoder.decode(&mut buffer), Ok(None));
        let reply = decoder.decode_eof(&mut buffer).expect("a reply").expect("a reply");
        assert_eq!((reply.code(), reply.text()), (Code::CLOSING, &b"Timeout"[..]));
        assert!(!reply.is_whole());
    }

    #[track_caller]
    fn check_recovery(input: &[u8], expected: Option<(u16, &str)>) {
        for step in [usize::MAX, 1] {
            let (mut decoder, mut buffer) = (Decoder::default(), BytesMut::new());
            for piece in input.chunks(step) {
                buffer.extend_from_slice(piece);
                assert_eq!(decoder.decode(&mut buffer), Ok(None));
            }
            assert_eq!(decoder.may_have_ended().is_some(), expected.is_some());
            let reply = decoder.recover();
            let read = reply.as_ref().map(|reply| (reply.code().get(), joined(reply)));
            assert_eq!(read, expected.map(|(code, text)| (code, text.to_string())));
            assert!(reply.is_none_or(|reply| !reply.is_whole()) && decoder.recover().is_none());
            assert_eq!(decoder.is_idle(), expected.is_some() || input.is_empty());
        }
    }

    #[test]
    fn another_code_ends_a_reply_only_after_silence() {
        // glFTPd, answering STOR.
        check_recovery(
            b"553-\r\n553- Directory excluded (precheck).\r\n150 Opening BINARY mode\r\n",
            Some((150, "553-\n553- Directory excluded (precheck).\n150 Opening BINARY mode")),
        );
        check_recovery(b"230-Welcome\r\n220 In\r\n", Some((220, "230-Welcome\n220 In")));
        check_recovery(b"230-Welcome\r\n220 In\r\nmore\r\n", None);
        check_recovery(b"230-Welcome\r\n220-In\r\n", None);
        check_recovery(b"230-Welcome\r\n220", None);
        check_recovery(b"230-Welcome\r\n2200 x\r\n", None);
        check_recovery(b"230-Welcome\r\n", None);
        check_recovery(b"", None);
    }

    #[test]
    fn lines_and_replies_have_caps() {
        let limits = Limits { line: 10, reply: 3 * LINE_COST };
        let run = |input: &[u8], step| feed(&mut Decoder::new(limits), input, step);
        assert_eq!(run(b"200 4567\r\n", 1), Ok(vec!["200 4567".to_string()]));
        assert_eq!(run(b"200-\n\n200\n", 1), Ok(vec!["200-\n\n200".to_string()]));
        for step in [1, 100] {
            let long = run(b"200 45678\r\n", step);
            assert_eq!(long, Err(DecodeError::LineTooLong { limit: 10 }));
            let many = run(b"200-\n\n\n200\n", step);
            assert_eq!(many, Err(DecodeError::ReplyTooLong { limit: limits.reply }));
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

        #[test]
        fn every_error_can_be_had(error in crate::strategy::decode_error(), step in 1_usize..99) {
            let (limits, input) = match &error {
                DecodeError::LineTooLong { limit } => {
                    (Limits { line: *limit, ..Limits::default() }, "2".repeat(*limit + 1))
                }
                DecodeError::NotAReply { line } => (Limits::default(), line.clone() + "\r\n"),
                DecodeError::ReplyTooLong { limit } => {
                    let lines = "200-\r\n".repeat(limit / LINE_COST + 1);
                    (Limits { reply: *limit, ..Limits::default() }, lines)
                }
                DecodeError::Truncated => (Limits::default(), "200-\r\n".to_string()),
            };
            prop_assert_eq!(feed(&mut Decoder::new(limits), input.as_bytes(), step), Err(error));
        }

        #[test]
        fn no_reply_grows_beyond_the_limits(
            limits in crate::strategy::limits(),
            reply in crate::strategy::reply(),
        ) {
            let (mut decoder, mut buffer) = (Decoder::new(limits), BytesMut::new());
            reply.encode(&mut buffer);
            let whole = buffer.len();
            match decoder.decode(&mut buffer) {
                Ok(decoded) => {
                    let lines = || decoded.iter().flat_map(Reply::lines).map(<[u8]>::len);
                    prop_assert!(lines().all(|len| len <= limits.line));
                    prop_assert!(lines().sum::<usize>() <= limits.reply);
                }
                Err(error) => {
                    prop_assert!(whole > limits.line.min(limits.reply) || whole < LINE_COST * 6);
                    prop_assert!(!matches!(error, DecodeError::NotAReply { .. }), "{error}");
                }
            }
        }
    }
}
