//! Where data connections go: `227` ([RFC 1123 4.1.2.6]), `229` and `EPRT` ([RFC 2428]), `228` and
//! `LPRT` ([RFC 1639]).
//!
//! Servers answer `PASV` with `229` and `EPSV` with `227` too, so the code of the reply decides how
//! it is read, not the command. Whether the address in a `227` is to be trusted is the caller's
//! decision.
//!
//! [RFC 1123 4.1.2.6]: https://www.rfc-editor.org/rfc/rfc1123#page-32
//! [RFC 1639]: https://www.rfc-editor.org/rfc/rfc1639
//! [RFC 2428]: https://www.rfc-editor.org/rfc/rfc2428

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use core::{fmt, str};

use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{one_of, space0, u8 as number};
use nom::combinator::{all_consuming, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser as _};

use crate::command::Family;
use crate::error::Misread;
use crate::reply::Reply;

/// Where a server awaits a data connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passive {
    /// At this address, says a `227`, or a `228`.
    Address(SocketAddr),
    /// At this port of the host that the control connection leads to, says a `229`.
    Port(u16),
}

impl Passive {
    /// Returns the port.
    pub fn port(self) -> u16 {
        match self {
            Self::Address(address) => address.port(),
            Self::Port(port) => port,
        }
    }
}

/// Reads the answer to `PASV`, `EPSV` or `LPSV`.
///
/// # Errors
/// When the server refused, there is no address, or the port is 0.
pub fn passive(reply: &Reply) -> Result<Passive, Misread> {
    match reply.code().get() {
        228 => long_passive(reply),
        229 => extended_passive(reply).map(Passive::Port),
        200..300 => short_passive(reply),
        _ => Err(Misread::new("address", reply)),
    }
}

/// Reads the families that a server names when it refuses one, in its order: `522 Network protocol
/// not supported, use (1,2)` (RFC 2428 2).
pub fn families(reply: &Reply) -> Vec<Family> {
    let text = reply.text();
    let Some(open) = memchr::memrchr(b'(', text).filter(|_| reply.code() == 522) else {
        return Vec::new();
    };
    let group = text[open + 1..].split(|byte| *byte == b')').next().unwrap_or_default();
    let known = |number: &[u8]| match number.trim_ascii() {
        b"1" => Some(Family::Ipv4),
        b"2" => Some(Family::Ipv6),
        _ => None,
    };
    group.split(|byte| *byte == b',').filter_map(known).collect()
}

/// Reads `227`: "The format of the 227 reply to a PASV command is not well standardized" (RFC 1123
/// 4.1.2.6), so the six numbers are looked for, on the last line first; where there are none, they
/// may have points between them.
fn short_passive(reply: &Reply) -> Result<Passive, Misread> {
    let lines: Vec<&[u8]> = reply.texts().collect();
    let found = |marks: &[u8]| lines.iter().rev().find_map(|text| six_numbers(text, marks));
    found(b",")
        .or_else(|| found(b",."))
        .filter(|address| address.port() != 0)
        .map(|address| Passive::Address(address.into()))
        .ok_or_else(|| Misread::new("address", reply))
}

/// Reads `228 Entering Long Passive Mode (af,hal,h1,h2,h3,…,pal,p1,p2…)` (RFC 1639).
fn long_passive(reply: &Reply) -> Result<Passive, Misread> {
    let groups = reply.text().split(|byte| !byte.is_ascii_digit() && !matches!(byte, b',' | b' '));
    let address = |group: &[u8]| -> Option<SocketAddr> {
        let numbers = group.split(|byte| *byte == b',').map(|number| {
            str::from_utf8(number.trim_ascii()).ok().and_then(|digits| digits.parse::<u8>().ok())
        });
        let (ip, high, low) = match numbers.collect::<Option<Vec<u8>>>()?[..] {
            [4, 4, a, b, c, d, 2, high, low] => (IpAddr::from([a, b, c, d]), high, low),
            [6, 16, ref rest @ .., 2, high, low] => {
                (IpAddr::from(<[u8; 16]>::try_from(rest).ok()?), high, low)
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes([high, low]))).filter(|a| a.port() != 0)
    };
    let mut addresses = groups.filter_map(address);
    addresses.next().map(Passive::Address).ok_or_else(|| Misread::new("address", reply))
}

/// Reads `229`: "the text returned in response to the EPSV command MUST be: `<text indicating
/// server is entering extended passive mode> (<d><d><d><tcp-port><d>)`" (RFC 2428 3).
fn extended_passive(reply: &Reply) -> Result<u16, Misread> {
    let lines: Vec<&[u8]> = reply.texts().collect();
    let port = lines.iter().rev().find_map(|text| ported(text));
    port.ok_or_else(|| Misread::new("port", reply))
}

fn ported(text: &[u8]) -> Option<u16> {
    let groups = memchr::memrchr_iter(b'(', text).map(|open| &text[open + 1..]);
    groups.chain([text]).find_map(|group| delimited(group).ok()).map(|(_, port)| port)
}

/// Reads `d d d port d`: "The delimiter character MUST be one of the ASCII characters in range
/// 33-126 inclusive" (RFC 2428 2).
///
/// BulletProof FTP sends one bar short, before the port; only with bars is that beyond doubt.
fn delimited(text: &[u8]) -> IResult<&[u8], u16> {
    let (_, delimiter) = take_while_m_n(1, 1, |byte: u8| byte.is_ascii_graphic())(text)?;
    let short = |input| preceded(tag("||"), port_before(b"|")).parse(input);
    let full = |input| {
        let three = (tag(delimiter), tag(delimiter), tag(delimiter));
        preceded(three, port_before(delimiter)).parse(input)
    };
    // A port of sixes between sixes: the last delimiter is found from the end of the group.
    let end = memchr::memchr(b')', text).unwrap_or(text.len());
    let group = &text[..end];
    all_consuming(full).parse(group).or_else(|_| short(text))
}

fn port_before<'a>(delimiter: &'a [u8]) -> impl FnMut(&'a [u8]) -> IResult<&'a [u8], u16> {
    move |input| {
        let digits = input.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let own_digit = delimiter[0].is_ascii_digit();
        let digits = if own_digit { digits.saturating_sub(1) } else { digits };
        let (port, rest) = input.split_at(digits);
        let (rest, _) = tag(delimiter)(rest)?;
        let (_, port) = all_consuming(nom::character::complete::u16).parse(port)?;
        verify(nom::combinator::success(port), |port| *port != 0).parse(rest)
    }
}

/// Finds `h1,h2,h3,h4,p1,p2` anywhere in a text: a client "must scan the reply for
/// the first digit of the host and port numbers" (RFC 1123 4.1.2.6).
fn six_numbers(text: &[u8], marks: &[u8]) -> Option<SocketAddrV4> {
    let mut rest = text;
    loop {
        let at = rest.iter().position(u8::is_ascii_digit)?;
        rest = &rest[at..];
        if let Ok((_, address)) = address(rest, marks) {
            return Some(address);
        }
        let digits: IResult<&[u8], &[u8]> = take_while1(|byte: u8| byte.is_ascii_digit())(rest);
        rest = digits.ok()?.0;
    }
}

fn address<'a>(text: &'a [u8], marks: &[u8]) -> IResult<&'a [u8], SocketAddrV4> {
    let mut mark = |input| (space0, one_of(marks), space0).parse(input);
    let mut next = |input| terminated(number, &mut mark).parse(input);
    let (rest, a) = next(text)?;
    let (rest, b) = next(rest)?;
    let (rest, c) = next(rest)?;
    let (rest, d) = next(rest)?;
    let (rest, high) = next(rest)?;
    let (rest, low) = number(rest)?;
    let port = u16::from_be_bytes([high, low]);
    Ok((rest, SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port)))
}

/// Writes the text of a reply that says so: the address as a `227` or a `228` has it, the port as a
/// `229`.
impl fmt::Display for Passive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(SocketAddr::V4(address)) => {
                write!(f, "Entering Passive Mode ({}).", Port(*address))
            }
            Self::Address(address) => write!(f, "Entering Long Passive Mode ({})", Lprt(*address)),
            Self::Port(port) => write!(f, "Entering Extended Passive Mode (|||{port}|)"),
        }
    }
}

/// Writes the argument of `PORT`.
pub(crate) struct Port(pub(crate) SocketAddrV4);

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.ip().octets();
        let [high, low] = self.0.port().to_be_bytes();
        write!(f, "{a},{b},{c},{d},{high},{low}")
    }
}

/// Writes the argument of `EPRT`.
pub(crate) struct Eprt(pub(crate) SocketAddr);

impl fmt::Display for Eprt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.0.is_ipv4() { 1 } else { 2 };
        write!(f, "|{family}|{}|{}|", self.0.ip(), self.0.port())
    }
}

/// Writes the argument of `LPRT`.
pub(crate) struct Lprt(pub(crate) SocketAddr);

impl fmt::Display for Lprt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [high, low] = self.0.port().to_be_bytes();
        let octets: &[u8] = match self.0.ip() {
            IpAddr::V4(ip) => &ip.octets(),
            IpAddr::V6(ip) => &ip.octets(),
        };
        write!(f, "{},{}", if self.0.is_ipv4() { 4 } else { 6 }, octets.len())?;
        octets.iter().try_for_each(|octet| write!(f, ",{octet}"))?;
        write!(f, ",2,{high},{low}")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Passive, Misread> {
        passive(&Reply::parse(line.as_bytes()).expect("a reply"))
    }

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let shown = match read(line) {
            Ok(Passive::Address(address)) => Some(address.to_string()),
            Ok(Passive::Port(port)) => Some(port.to_string()),
            Err(_) => None,
        };
        assert_eq!(shown.as_deref(), expected, "{line}");
    }

    #[test]
    fn six_numbers_are_found_in_any_text() {
        check("227 Entering Passive Mode (192,168,0,1,12,34)", Some("192.168.0.1:3106"));
        check("227 Entering Passive Mode (10,0,0,1,4,0).", Some("10.0.0.1:1024"));
        check("227 will passively listen to 127,0,0,1,4,51", Some("127.0.0.1:1075"));
        check("227 Entering passive mode. 127,0,0,1,4,51", Some("127.0.0.1:1075"));
        check("227 =127, 0, 0, 1, 4, 51", Some("127.0.0.1:1075"));
        check("227 from 2 hosts: 3,4 127,0,0,1,4,51", Some("127.0.0.1:1075"));
        check("227-Entering\r\n227 (127,0,0,1,4,51)", Some("127.0.0.1:1075"));
        check("227-Entering (127,0,0,1,4,51)\r\n227 ok", Some("127.0.0.1:1075"));
        check("227 Entering Passive Mode (127.0.0.1,4,51)", Some("127.0.0.1:1075"));
        check("227 Passive on 10.0.0.9.8.7 (127,0,0,1,4,51)", Some("127.0.0.1:1075"));
    }

    #[test]
    fn other_numbers_are_no_address() {
        check("227 Entering Passive Mode", None);
        check("227 Entering Passive Mode (192,168,0,1)", None);
        check("227 Entering Passive Mode (192,168,1,100,229)", None);
        check("227 Entering Passive Mode (1216,256,2,127,127,127)", None);
        check("227 Entering Passive Mode (127,0,0,1,0,0)", None);
        check("227 Entering Passive Mode on 127.0.0.1", None);
        check("425 Cannot listen on 127,0,0,1,4,51", None);
    }

    #[test]
    fn a_port_stands_between_any_delimiters() {
        check("229 Entering Extended Passive Mode (|||6446|)", Some("6446"));
        check("229 ($$$31744$)", Some("31744"));
        check("229 text (ha-ha) (|||665|) ((((666() (|fd667s).", Some("666"));
        check("229 text (ha-ha) (|||665|) (6666666).", Some("666"));
        check("229 (|||665|) Ok (really).", Some("665"));
        check("229-Entering (|||665|)\r\n229 Ok", Some("665"));
        check("229 Extended Passive Mode |||6446|", None);
        check("229 |||6446|", Some("6446"));
    }

    #[test]
    fn one_bar_short_is_understood() {
        check("229 Entering Extended Passive Mode (||6446|)", Some("6446"));
        check("229 Entering Extended Passive Mode (!!6446!)", None);
    }

    #[test]
    fn other_text_is_no_port() {
        check("229 Entering Passive Mode (3106)", None);
        check("229 Entering Passive Mode (|||1000000|)", None);
        check("229 Entering Passive Mode (|||0|)", None);
        check("229 (|2|::1|31744|)", None);
        check("229 (", None);
        check("229", None);
    }

    #[test]
    fn the_code_decides_which_it_is() {
        check("229 Entering (|||3106|) 127,0,0,1,4,51", Some("3106"));
        check("227 Entering (|||3106|) 127,0,0,1,4,51", Some("127.0.0.1:1075"));
    }

    #[test]
    fn a_long_address_has_its_lengths() {
        check("228 Entering Long Passive Mode (4,4,127,0,0,1,2,4,51)", Some("127.0.0.1:1075"));
        let six = "6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,4,51";
        check(&format!("228 Entering Long Passive Mode ({six})."), Some("[::1]:1075"));
        check("228 Entering Long Passive Mode (4,4,127,0,0,1,2,0,0)", None);
        check("228 Entering Long Passive Mode (4,4,127,0,0,1,1,4)", None);
        check("228 Entering Long Passive Mode (6,16,127,0,0,1,2,4,51)", None);
        check("228", None);
    }

    #[test]
    fn families_are_numbers_in_parentheses() {
        let read = |line: &str| families(&Reply::parse(line.as_bytes()).expect("a reply"));
        let both = [Family::Ipv4, Family::Ipv6];
        assert_eq!(read("522 Network protocol not supported, use (1,2)"), both);
        assert_eq!(read("522 Bad (1) network protocol, use ( 2 )."), [Family::Ipv6]);
        assert_eq!(read("522 use (3)"), []);
        assert_eq!(read("522 TLS session of data connection not resumed"), []);
        assert_eq!(read("501 (1,2)"), []);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(address in crate::strategy::passive()) {
            let code = match address {
                Passive::Address(SocketAddr::V4(_)) => 227,
                Passive::Address(SocketAddr::V6(_)) => 228,
                Passive::Port(_) => 229,
            };
            prop_assert_eq!(read(&format!("{code} {address}")), Ok(address));
        }

        #[test]
        fn any_delimiter_is_understood(port in 1_u16.., delimiter in 33_u8..127) {
            prop_assume!(delimiter != b')');
            let d = char::from(delimiter);
            let line = format!("229 x ({d}{d}{d}{port}{d}) y");
            prop_assert_eq!(read(&line), Ok(Passive::Port(port)));
        }
    }
}
