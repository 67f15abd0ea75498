//! Telnet within control lines: [RFC 854], as far as a peer that never negotiates meets it.

use bytes::Bytes;

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;

/// Returns the line without telnet commands; `IAC IAC` becomes the byte 0xFF and `CR NUL` a CR.
///
/// A lone 0xFF before anything that is no command stays: servers send names in old charsets
/// without doubling it.
pub(super) fn strip(line: Bytes) -> Bytes {
    if memchr::memchr2(IAC, 0, &line).is_none() {
        return line;
    }
    let mut kept = alloc::vec::Vec::with_capacity(line.len());
    let mut rest = &line[..];
    loop {
        rest = match rest {
            [] => return kept.into(),
            [IAC, IAC, rest @ ..] => {
                kept.push(IAC);
                rest
            }
            [IAC, 251..=254, rest @ ..] => rest.get(1..).unwrap_or_default(),
            [IAC, SB, rest @ ..] => after_subnegotiation(rest),
            [IAC, 240..=249, rest @ ..] => rest,
            [b'\r', 0, rest @ ..] => {
                kept.push(b'\r');
                rest
            }
            [byte, rest @ ..] => {
                kept.push(*byte);
                rest
            }
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
        assert_eq!(&strip(Bytes::from_static(line))[..], stripped);
    }

    #[test]
    fn telnet_commands_vanish() {
        check(b"220 plain", b"220 plain");
        check(b"\xff\xfd\x18220 hi", b"220 hi");
        check(b"\xff\xfb", b"");
        check(b"\xff\xf1220 nop", b"220 nop");
        check(b"220 \xff\xfa\x18\x00xterm\xff\xf0hi", b"220 hi");
        check(b"220 \xff\xfaunended", b"220 ");
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
