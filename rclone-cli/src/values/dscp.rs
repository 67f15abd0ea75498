//! Differentiated services code points, by number or by the names of the registry of IANA
//! ([RFC 2474], [RFC 2597], [RFC 3246], [RFC 8622]).
//!
//! [RFC 2474]: https://www.rfc-editor.org/rfc/rfc2474
//! [RFC 2597]: https://www.rfc-editor.org/rfc/rfc2597
//! [RFC 3246]: https://www.rfc-editor.org/rfc/rfc3246
//! [RFC 8622]: https://www.rfc-editor.org/rfc/rfc8622

use std::str::FromStr;

/// A code point, 0 to 63.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Dscp(pub(crate) u8);

impl FromStr for Dscp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number < 64);
        let wrong = || format!("`{text}` is no code point: use 0 to 63, LE, BE, EF, CS1 or AF21");
        number.or_else(|| named(&text.to_ascii_uppercase())).map(Self).ok_or_else(wrong)
    }
}

fn named(name: &str) -> Option<u8> {
    let digit = |byte: u8, most: u8| Some(byte.wrapping_sub(b'0')).filter(|digit| *digit <= most);
    match name.as_bytes() {
        b"BE" | b"DF" => Some(0),
        b"LE" => Some(1),
        b"EF" => Some(46),
        b"VA" | b"VOICE-ADMIT" => Some(44),
        [b'C', b'S', class] => Some(digit(*class, 7)? * 8),
        [b'A', b'F', class, drop] => {
            let (class, drop) = (digit(*class, 4)?, digit(*drop, 3)?);
            (class > 0 && drop > 0).then_some(class * 8 + drop * 2)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_have_numbers_and_names() {
        let point = |text: &str| text.parse().ok().map(|Dscp(point)| point);
        for (text, expected) in [
            ("0", 0),
            ("63", 63),
            ("be", 0),
            ("LE", 1),
            ("CS1", 8),
            ("cs7", 56),
            ("AF11", 10),
            ("af43", 38),
            ("EF", 46),
        ] {
            assert_eq!(point(text), Some(expected), "{text}");
        }
        for text in ["", "64", "-1", "CS8", "AF10", "AF51", "AF14", "X"] {
            assert_eq!(point(text), None, "{text}");
        }
    }
}
