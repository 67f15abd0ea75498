//! Telnet within control lines: [RFC 854], as far as a peer that never negotiates meets it.

use bytes::{BufMut as _, Bytes, BytesMut};

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;

/// Returns the line without telnet commands before it; `IAC IAC` becomes the byte 0xFF and
/// `CR NUL` a CR.
///
/// "On receipt of a pathname containing a \<CR\>\<NUL\> sequence the \<NUL\> character MUST be stripped
/// away" (RFC 2640 3.1). Negotiation is not answered, for "Telnet option negotiation MUST NOT be
/// attempted" ([RFC 3659 2.2]); what a gateway asks all the same comes before a line. Within one, a lone 0xFF is text: servers send names in old charsets
/// without doubling it.
///
/// [RFC 3659 2.2]: https://www.rfc-editor.org/rfc/rfc3659#section-2.2
pub(crate) fn strip(line: &Bytes) -> Bytes {
    let line = without_commands(line);
    if memchr::memchr2(IAC, 0, &line).is_none() {
        return line;
    }
    let mut kept = alloc::vec::Vec::with_capacity(line.len());
    let mut rest = &line[..];
    while let Some((byte, after)) = rest.split_first() {
        kept.push(*byte);
        let is_pair = matches!((byte, after.first()), (&IAC, Some(&IAC)) | (b'\r', Some(0)));
        rest = if is_pair { &after[1..] } else { after };
    }
    kept.into()
}

/// Appends `line` with what telnet would take for commands escaped.
///
/// "When a `<CR>` character is encountered as part of a pathname it MUST be padded with a `<NUL>`
/// character" (RFC 2640 3.1); "the Telnet IAC character, if part of a pathname sent over the control
/// connection, MUST be correctly escaped" (RFC 3659 2.2): it is doubled (RFC 854).
pub(crate) fn escape(line: &[u8], out: &mut BytesMut) {
    for byte in line {
        out.put_u8(*byte);
        match *byte {
            b'\r' => out.put_u8(0),
            IAC => out.put_u8(IAC),
            _ => {}
        }
    }
}

fn without_commands(line: &Bytes) -> Bytes {
    let mut rest = &line[..];
    loop {
        rest = match rest {
            [IAC, 251..=254, rest @ ..] => rest.get(1..).unwrap_or_default(),
            [IAC, SB, rest @ ..] => after_subnegotiation(rest),
            [IAC, 240..=249, rest @ ..] => rest,
            _ => return line.slice(line.len() - rest.len()..),
        };
    }
}

fn after_subnegotiation(bytes: &[u8]) -> &[u8] {
    let end = bytes.windows(2).position(|pair| pair == [IAC, SE]);
    end.map_or(&[], |end| &bytes[end + 2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &'static [u8], stripped: &[u8]) {
        assert_eq!(&strip(&Bytes::from_static(line))[..], stripped);
    }

    #[test]
    fn telnet_commands_vanish() {
        check(b"220 plain", b"220 plain");
        check(b"\xff\xfd\x18220 hi", b"220 hi");
        check(b"\xff\xfb", b"");
        check(b"\xff\xf1220 nop", b"220 nop");
        check(b"\xff\xfa\x18\x00xterm\xff\xf0\xff\xf2220 hi", b"220 hi");
        check(b"\xff\xfaunended", b"");
    }

    #[test]
    fn letters_of_old_charsets_are_text() {
        // A name in Windows-1251, as servers that do not double 0xFF send it.
        check(b"257 \"\xff\xf0\xff\xfb1\"", b"257 \"\xff\xf0\xff\xfb1\"");
    }

    #[test]
    fn doubled_and_lone_iac_are_the_byte_itself() {
        check(b"257 \"\xff\xff\"", b"257 \"\xff\"");
        check(b"257 \"\xffa\"", b"257 \"\xffa\"");
        check(b"257 \xff", b"257 \xff");
    }

    #[test]
    fn cr_nul_is_a_cr() {
        check(b"257 \"a\r\0b\"", b"257 \"a\rb\"");
    }
}
