//! Replies of the control connection: [RFC 959 section 4.2], and what servers make of it.
//!
//! [`Decoder`] cuts lines out of a buffer that may end anywhere and joins them to a [`Reply`];
//! lines are bytes, kept as they came. Telnet commands ([RFC 854]) are dropped. What a reply means
//! for a command is left to [`crate::exchange`] and to the modules that read values.
//!
//! [RFC 959 section 4.2]: https://www.rfc-editor.org/rfc/rfc959#section-4.2
//! [RFC 854]: https://www.rfc-editor.org/rfc/rfc854

mod decoder;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use bytes::{BufMut as _, Bytes, BytesMut};

pub use self::decoder::{DecodeError, Decoder, LINE_COST, Limits};
use self::decoder::{is_continued, is_last};
use crate::telnet;

/// The three digits that say how a command went.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Code(u16);

/// What the first digit of a [`Code`] says; acting on it alone is what [RFC 1123 4.1.2.11] asks.
///
/// [RFC 1123 4.1.2.11]: https://www.rfc-editor.org/rfc/rfc1123#page-35
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Class {
    /// 1yz: the action begins, another reply will follow.
    Preliminary,
    /// 2yz: done.
    Completion,
    /// 3yz: accepted, and waits for the next command.
    Intermediate,
    /// 4yz: refused for now.
    TransientFailure,
    /// 5yz: refused.
    PermanentFailure,
    /// 6yz: holds another reply, signed or encrypted, in base64 ([RFC 2228 5.2]). That one answers
    /// the command, so it is what [`Exchange`](crate::Exchange) is to be given.
    ///
    /// [RFC 2228 5.2]: https://www.rfc-editor.org/rfc/rfc2228#section-5.2
    Protected,
}

impl Code {
    /// 421: the service closes the control connection; it may come at any time.
    pub const CLOSING: Self = Self(421);

    /// Returns the code, which lies in 100..=699.
    pub const fn new(code: u16) -> Option<Self> {
        if matches!(code, 100..=699) { Some(Self(code)) } else { None }
    }

    /// Reads `code = %x31-36 DIGIT DIGIT` at the head of a line.
    pub(crate) fn at_head_of(line: &[u8]) -> Option<Self> {
        let [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] = line else { return None };
        let digit = |byte: &u8| u16::from(byte - b'0');
        Some(Self(digit(a) * 100 + digit(b) * 10 + digit(c)))
    }

    /// Returns the number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns what the first digit says.
    pub const fn class(self) -> Class {
        match self.0 {
            ..200 => Class::Preliminary,
            200..300 => Class::Completion,
            300..400 => Class::Intermediate,
            400..500 => Class::TransientFailure,
            500..600 => Class::PermanentFailure,
            600.. => Class::Protected,
        }
    }

    /// Tells whether another reply to the same command will follow.
    pub const fn is_preliminary(self) -> bool {
        matches!(self.class(), Class::Preliminary)
    }

    /// Tells whether the command is done.
    pub const fn is_completion(self) -> bool {
        matches!(self.class(), Class::Completion)
    }

    /// Tells whether the command was accepted and waits for its second half.
    pub const fn is_intermediate(self) -> bool {
        matches!(self.class(), Class::Intermediate)
    }

    /// Tells whether the command was refused, for now or for good.
    pub const fn is_failure(self) -> bool {
        matches!(self.class(), Class::TransientFailure | Class::PermanentFailure)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl PartialEq<u16> for Code {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

/// One complete reply: its code and its lines, as they came.
#[derive(Clone, Eq, PartialEq)]
pub struct Reply {
    code: Code,
    /// Whole lines without their ends; there is at least one.
    lines: Vec<Bytes>,
}

impl Reply {
    /// Reads the lines of one reply, given whole.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut buffer = BytesMut::from(bytes);
        let mut decoder = Decoder::default();
        match decoder.decode(&mut buffer) {
            Ok(None) => decoder.decode_eof(&mut buffer).ok().flatten(),
            decoded => decoded.ok().flatten(),
        }
    }

    /// Returns a reply of these lines of text, or `None` where one holds a line feed.
    ///
    /// Lines between the first and the last that would end it are indented: "the Server must pad
    /// the front to avoid confusion" (RFC 959 4.2).
    pub fn new<T: AsRef<[u8]>>(code: Code, texts: impl IntoIterator<Item = T>) -> Option<Self> {
        let texts: Vec<T> = texts.into_iter().collect();
        let last = texts.len().saturating_sub(1);
        let line = |(number, text): (usize, &T)| {
            let head = match number {
                _ if number == last => format!("{code} "),
                0 => format!("{code}-"),
                _ if Code::at_head_of(text.as_ref()).is_some() => String::from(" "),
                _ => String::new(),
            };
            [head.as_bytes(), text.as_ref()].concat().into()
        };
        let mut lines: Vec<Bytes> = texts.iter().enumerate().map(line).collect();
        if lines.is_empty() {
            lines.push(format!("{code} ").into());
        }
        let fits = lines.iter().all(|line| !line.contains(&b'\n') && !line.ends_with(b"\r"));
        fits.then_some(Self { code, lines })
    }

    /// Appends the bytes that a server would send: lines end with CR LF, telnet bytes are doubled.
    pub fn encode(&self, out: &mut BytesMut) {
        for line in &self.lines {
            telnet::escape(line, out);
            out.put_slice(b"\r\n");
        }
    }

    /// Returns the code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the lines whole, codes included, without their ends.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.lines.iter().map(|line| &line[..])
    }

    /// Returns the lines without the code and the sign behind it.
    ///
    /// A line in the middle loses them only where it repeats this reply's own code.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.lines.iter().map(|line| self.text_of(line))
    }

    /// Returns the lines between the first and the last: what `FEAT`, `MLST` and `STAT` answer.
    pub fn body(&self) -> impl Iterator<Item = &[u8]> {
        let end = self.lines.len().saturating_sub(1);
        self.texts().take(end).skip(1)
    }

    /// Returns the text of the last line, which is the only one of most replies.
    pub fn text(&self) -> &[u8] {
        self.lines.last().map_or(&[], |line| self.text_of(line))
    }

    /// Tells whether it ends with the code it began with, as it must.
    ///
    /// One that was put together after a silence ([`Decoder::recover`]), or cut by the end of the
    /// connection, does not: a directory that it lists may hold more.
    pub fn is_whole(&self) -> bool {
        let [first, others @ ..] = &self.lines[..] else { return false };
        let ends = match others.last() {
            None => !is_continued(first),
            Some(last) => is_last(last, self.code),
        };
        ends && Code::at_head_of(first) == Some(self.code)
    }

    fn text_of<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        if Code::at_head_of(line) != Some(self.code) {
            return line;
        }
        match &line[3..] {
            [b' ' | b'-', text @ ..] => text,
            text => text,
        }
    }

    /// Returns what the server says as one line of text, fit for messages.
    pub fn message(&self) -> String {
        let mut message = String::new();
        for text in self.texts().map(<[u8]>::trim_ascii).filter(|text| !text.is_empty()) {
            if !message.is_empty() {
                message.push(' ');
            }
            for character in String::from_utf8_lossy(text).chars() {
                let shown = if character.is_control() { ' ' } else { character };
                message.push(shown);
            }
        }
        message
    }
}

/// Shows code and text on one line; control characters become blanks.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(f)?;
        let message = self.message();
        if !message.is_empty() {
            f.write_char(' ')?;
            f.write_str(&message)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reply").field(&format_args!("{self}")).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn codes_lie_in_six_classes() {
        assert_eq!(Code::new(99), None);
        assert_eq!(Code::new(700), None);
        let class = |code| Code::new(code).map(Code::class);
        assert_eq!(class(150), Some(Class::Preliminary));
        assert_eq!(class(226), Some(Class::Completion));
        assert_eq!(class(350), Some(Class::Intermediate));
        assert_eq!(class(450), Some(Class::TransientFailure));
        assert_eq!(class(550), Some(Class::PermanentFailure));
        assert_eq!(class(632), Some(Class::Protected));
    }

    #[test]
    fn a_protected_reply_holds_base64() {
        let reply = Reply::parse(b"631-MjAwLU9u\r\n631 ZQ0K\r\n").expect("a whole reply");
        assert_eq!(reply.texts().collect::<Vec<_>>().concat(), b"MjAwLU9uZQ0K");
        assert!(reply.is_whole() && !reply.code().is_completion() && !reply.code().is_failure());
    }

    #[test]
    fn texts_lose_their_own_code_only() {
        let reply = Reply::parse(b"211-Features:\r\n211-MDTM\r\n 550 x\r\n550 y\r\n211 End\r\n");
        let reply = reply.expect("a whole reply");
        let texts: Vec<_> = reply.texts().collect();
        assert_eq!(texts, [&b"Features:"[..], b"MDTM", b" 550 x", b"550 y", b"End"]);
        assert_eq!(reply.body().count(), 3);
        assert_eq!(reply.text(), b"End");
    }

    #[track_caller]
    fn check_whole(reply: &str, expected: bool) {
        let reply = Reply::parse(reply.as_bytes()).expect("a reply");
        assert_eq!(reply.is_whole(), expected, "{reply}");
    }

    #[test]
    fn a_whole_reply_ends_as_it_began() {
        check_whole("200 x\r\n", true);
        check_whole("200\r\n", true);
        check_whole("220Welcome\r\n", true);
        check_whole("213-x\r\n y\r\n213 z\r\n", true);
        check_whole("213-x\r\n y\r\n200 z\r\n", false);
        check_whole("550-x\r\n", false);
        check_whole("550-x\r\n550-y\r\n", false);
    }

    #[track_caller]
    fn check_written(code: u16, texts: &[&str], wire: Option<&[u8]>) {
        let code = Code::new(code).expect("a code");
        let written = Reply::new(code, texts).map(|reply| {
            let mut out = BytesMut::new();
            reply.encode(&mut out);
            assert_eq!(Reply::parse(&out), Some(reply));
            out
        });
        assert_eq!(written.as_deref(), wire);
    }

    #[test]
    fn replies_are_written_as_servers_must() {
        check_written(226, &["Done."], Some(b"226 Done.\r\n"));
        check_written(226, &[], Some(b"226 \r\n"));
        check_written(211, &["F", " MDTM", "End"], Some(b"211-F\r\n MDTM\r\n211 End\r\n"));
        check_written(211, &["F", "211 x", "End"], Some(b"211-F\r\n 211 x\r\n211 End\r\n"));
        check_written(257, &["\"a\rb\""], Some(b"257 \"a\r\0b\"\r\n"));
        check_written(200, &["a\nb"], None);
        check_written(200, &["a\r"], None);
    }

    #[test]
    fn messages_fit_on_one_line() {
        let reply = Reply::parse(b"550-no\x1b[31m\r\n\r\n550  such file \xff\r\n").expect("whole");
        assert_eq!(reply.to_string(), "550 no [31m such file \u{fffd}");
        assert_eq!(Reply::parse(b"226\n").expect("whole").to_string(), "226");
    }
}
