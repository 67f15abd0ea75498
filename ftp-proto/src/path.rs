//! Paths in replies: the `257` of `PWD` and `MKD` ([RFC 959 appendix II]), and the name that `STOU`
//! chose ([RFC 1123 4.1.2.9]).
//!
//! In a `257` it stands between double quotes, and a quote within it is doubled. Servers that use
//! single quotes or none exist.
//!
//! [RFC 959 appendix II]: https://www.rfc-editor.org/rfc/rfc959#page-63
//! [RFC 1123 4.1.2.9]: https://www.rfc-editor.org/rfc/rfc1123#page-33

use alloc::vec::Vec;

use crate::error::Misread;
use crate::reply::Reply;

/// Reads the path in the answer to `PWD` or `MKD`.
///
/// # Errors
/// When the server refused, there is no path, or a quote is not closed. Without quotes a path must
/// begin like one or be a single word, for `257 Directory created` names none.
pub fn path(reply: &Reply) -> Result<Vec<u8>, Misread> {
    let lines: Vec<&[u8]> = reply.texts().filter(|_| reply.code().is_completion()).collect();
    let in_quotes = || lines.iter().rev().find(|line| line.contains(&b'"'));
    let line = in_quotes().or_else(|| lines.last());
    line.and_then(|line| unquoted(line)).ok_or_else(|| Misread::new("path", reply))
}

/// Reads the name under which `STOU` stores: the server "MUST return the actual file name in the
/// `125 Transfer Starting` or the `150 Opening Data Connection` message", as `150 FILE: name` (RFC
/// 1123 4.1.2.9).
///
/// # Errors
/// When no line names a file so.
pub fn stored(reply: &Reply) -> Result<Vec<u8>, Misread> {
    const WORD: &[u8] = b"FILE:";
    let name = |text: &[u8]| {
        let (word, name) = text.trim_ascii_start().split_at_checked(WORD.len())?;
        let name = name.strip_prefix(b" ").unwrap_or(name);
        (word.eq_ignore_ascii_case(WORD) && !name.is_empty()).then(|| name.to_vec())
    };
    reply.texts().find_map(name).ok_or_else(|| Misread::new("name", reply))
}

/// Writes a path as a `257` has it: `257<space>"<directory-name>"<space><commentary>`, "embedded double-quotes should be escaped by double-quotes (the
/// `quote-doubling` convention)" (RFC 959 appendix II).
pub fn quoted(path: &[u8]) -> Vec<u8> {
    let mut text = Vec::from(b"\"");
    for byte in path {
        text.push(*byte);
        text.extend((*byte == b'"').then_some(b'"'));
    }
    text.push(b'"');
    text
}

fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    if let Some(open) = memchr::memchr(b'"', text) {
        return undoubled(&text[open + 1..]);
    }
    let text = text.trim_ascii();
    if let [b'\'' | b'`', rest @ ..] = text {
        return memchr::memchr(b'\'', rest).map(|close| rest[..close].to_vec());
    }
    let end = memchr::memmem::find(text, b" is ").unwrap_or(text.len());
    Some(text[..end].to_vec()).filter(|path| looks_like_a_path(path))
}

fn looks_like_a_path(text: &[u8]) -> bool {
    let rooted = matches!(text, [b'/' | b'\\' | b'~', ..] | [b'A'..=b'Z' | b'a'..=b'z', b':', ..]);
    rooted || (!text.is_empty() && !text.contains(&b' '))
}

/// Reads up to the first quote that is not doubled.
fn undoubled(text: &[u8]) -> Option<Vec<u8>> {
    let mut path = Vec::new();
    let mut rest = text;
    loop {
        let quote = memchr::memchr(b'"', rest)?;
        path.extend_from_slice(&rest[..quote]);
        rest = &rest[quote + 1..];
        let Some(doubled) = rest.strip_prefix(b"\"") else { return Some(path) };
        path.push(b'"');
        rest = doubled;
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::*;
    use crate::reply::Code;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        let read = path(&reply).ok().map(|path| String::from_utf8(path).expect("text"));
        assert_eq!(read.as_deref(), expected, "{line}");
    }

    #[test]
    fn the_path_ends_at_the_first_single_quote_sign() {
        check("257 \"/\"", Some("/"));
        check("257 \"/foo/bar\" \"comment\"", Some("/foo/bar"));
        check("257 \"C:/somedir\" is the current directory", Some("C:/somedir"));
        check("257 there is rubbish all over \"/this\"", Some("/this"));
        check("257 \"ANONYMOUS_ROOT:[000000]\"", Some("ANONYMOUS_ROOT:[000000]"));
        check("257 \"'SYS1.'\" is working directory name prefix.", Some("'SYS1.'"));
        check("257 \"\" is root", Some(""));
    }

    #[test]
    fn doubled_quotes_are_one() {
        check("257 foo \"baz \"\" test nop\" \"\"\"\"\"fdfs \"\"\"", Some("baz \" test nop"));
        check("257 \"\"\"\" x", Some("\""));
    }

    #[test]
    fn other_quotes_and_none() {
        check("257 '/a b' is cwd", Some("/a b"));
        check("257 `/a b' is cwd", Some("/a b"));
        check("257-\"/a b\" is cwd\r\n257 ok", Some("/a b"));
        check("257 /a b", Some("/a b"));
        check("257 /a b is current directory", Some("/a b"));
        check("257 C:\\a b", Some("C:\\a b"));
        check("257 QGPL is current library", Some("QGPL"));
        check("257 Directory created", None);
        check("550 \"/a\" is not there", None);
        check("257", None);
        check("257 \"/open", None);
        check("257 '/open", None);
    }

    #[test]
    fn a_unique_name_is_told_before_the_transfer() {
        let name = |line: &str| {
            let reply = Reply::parse(line.as_bytes()).expect("a reply");
            stored(&reply).ok().map(|name| String::from_utf8(name).expect("text"))
        };
        assert_eq!(name("150 FILE: a b.001").as_deref(), Some("a b.001"));
        assert_eq!(name("125 File: x").as_deref(), Some("x"));
        assert_eq!(name("150-Opening\r\n150 FILE: x\r\n").as_deref(), Some("x"));
        assert_eq!(name("150 FILE:"), None);
        assert_eq!(name("150 Opening BINARY mode data connection for x."), None);
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read(name in crate::strategy::argument()) {
            let text = [&quoted(name.as_bytes())[..], b" is cwd"].concat();
            let reply = Reply::new(Code::new(257).expect("a code"), [text]).expect("one line");
            let mut wire = BytesMut::new();
            reply.encode(&mut wire);
            let reply = Reply::parse(&wire).expect("a reply");
            prop_assert_eq!(path(&reply), Ok(name.as_bytes().to_vec()));
        }
    }
}
