//! Numbers of bytes in replies: `213` to `SIZE` ([RFC 3659 section 4]), `150` with its hint, `AVBL`.
//!
//! [RFC 3659 section 4]: https://www.rfc-editor.org/rfc/rfc3659#section-4

use core::str;

use crate::error::Misread;
use crate::reply::Reply;

/// Reads the answer to `SIZE`, `AVBL` or `DSIZ`: "size-response = `213` SP 1*DIGIT" (RFC 3659 4.1),
/// or digits at the end of a text.
///
/// # Errors
/// When the server refused, there is none that fits, or the answer has several lines, as IIS gives
/// for a directory: "Multi-line responses are not permitted."
pub fn size(reply: &Reply) -> Result<u64, Misread> {
    let text = reply.text().trim_ascii();
    let first = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let last = trailing_digits(text);
    let before = text[..text.len() - last.len()].last();
    let whole = before.is_none_or(|byte| byte.is_ascii_whitespace() || b"=:".contains(byte));
    number(first)
        .or_else(|| number(last).filter(|_| whole))
        .filter(|_| reply.lines().len() == 1 && reply.code().is_completion())
        .ok_or_else(|| Misread::new("size", reply))
}

/// Reads the size that many servers add to the `150` of a download: `(2241 bytes)`.
///
/// It is a hint: some leave it out, some round it (`10.0 kbytes`), and in `TYPE A` it is another.
pub fn hint(reply: &Reply) -> Option<u64> {
    let before_unit = |text: &'_ [u8]| {
        let text = text.to_ascii_lowercase();
        memchr::memmem::rfind(&text, b" byte")
    };
    let (line, end) = reply.texts().find_map(|text| Some((text, before_unit(text)?)))?;
    let digits = trailing_digits(&line[..end]);
    let opened = line[..end - digits.len()].ends_with(b"(");
    number(digits).filter(|_| opened)
}

fn trailing_digits(text: &[u8]) -> &[u8] {
    let begin = text.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
    &text[begin..]
}

fn number(digits: &[u8]) -> Option<u64> {
    let plain = digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    fn reply(line: &str) -> Reply {
        Reply::parse(line.as_bytes()).expect("a reply")
    }

    #[track_caller]
    fn check(line: &str, expected: Option<u64>) {
        assert_eq!(size(&reply(line)).ok(), expected, "{line}");
    }

    #[track_caller]
    fn check_hint(line: &str, expected: Option<u64>) {
        assert_eq!(hint(&reply(line)), expected, "{line}");
    }

    #[test]
    fn a_size_is_a_number() {
        check("213 0", Some(0));
        check("213 18446744073709551615", Some(u64::MAX));
        check("213  51 ", Some(51));
        check("213 51 bytes", Some(51));
        check("213 file: 213, Size =51", Some(51));
    }

    #[test]
    fn other_text_is_no_size() {
        check("213 99999999999999999999999999999999", None);
        check("213 -1", None);
        check("213 1,234", None);
        check("213 1234.0", None);
        check("213 0x10", None);
        check("213 a directory", None);
        check("213", None);
        check("213-x\r\n213 5", None);
        check("550 No such file: report 2024", None);
    }

    #[test]
    fn a_hint_stands_in_parentheses() {
        check_hint(
            "150 Opening BINARY mode data connection for /etc/passwd (2241 bytes).",
            Some(2241),
        );
        check_hint(
            "150 ASCII data connection for /bin/ls (137.167.104.91,37445) (0 bytes).",
            Some(0),
        );
        check_hint("150-Accepted\r\n150 Opening (7 bytes)\r\n", Some(7));
        check_hint("150 Opening BINARY connection for x (1 byte)", Some(1));
        check_hint("150 Data connection open (2048 Bytes).", Some(2048));
        check_hint("125 Data connection already open; Transfer starting.", None);
        check_hint("150-Accepted data connection\r\n150 10.0 kbytes to download\r\n", None);
        check_hint("150 Opening x (99999999999999999999 bytes)", None);
        check_hint("150 12 bytes", None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, name in "[ -~]{0,20}") {
            prop_assert_eq!(size(&reply(&format!("213 {number}"))), Ok(number));
            let line = format!("150 Opening BINARY mode data connection for {name} ({number} bytes).");
            prop_assert_eq!(hint(&reply(&line)), Some(number));
        }
    }
}
