//! Sizes: a number and a binary suffix, kibibytes without one, or `off`.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, or `off`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Size(pub(crate) Option<u64>);

const UNITS: [(char, u32); 6] = [('K', 1), ('M', 2), ('G', 3), ('T', 4), ('P', 5), ('E', 6)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("off") || text == "-1" {
            return Ok(Self(None));
        }
        let wrong =
            || format!("`{text}` is not a size: use a number with B, K, M, G, T, P or E, or off");
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = factor(&text[digits.len()..]).ok_or_else(wrong)?;
        scale(digits, factor).map(|bytes| Self(Some(bytes))).ok_or_else(wrong)
    }
}

/// Returns how many bytes one of the unit `suffix` is: `K`, `Ki` and `KiB` are all 1024.
fn factor(suffix: &str) -> Option<u64> {
    let upper = suffix.to_ascii_uppercase();
    let letter = match upper.as_str() {
        "" => return Some(1024),
        "B" => return Some(1),
        unit => unit.strip_suffix("IB").or_else(|| unit.strip_suffix('I')).unwrap_or(unit),
    };
    let (_, power) = UNITS.iter().find(|(unit, _)| letter == unit.to_string())?;
    Some(1024u64.pow(*power))
}

/// Multiplies a decimal number exactly as far as 64 bits go.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounds are checked")]
fn scale(digits: &str, factor: u64) -> Option<u64> {
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let bytes = digits.parse::<f64>().ok()? * factor as f64;
    (digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && bytes < u64::MAX as f64)
        .then_some(bytes as u64)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(bytes) = self.0 else { return f.write_str("off") };
        let unit = UNITS.iter().rev().find(|(_, power)| bytes >= 1024u64.pow(*power));
        let Some((letter, power)) = unit else { return write!(f, "{bytes}") };
        let number = format!("{:.3}", bytes as f64 / 1024f64.powi(*power as i32));
        write!(f, "{}{letter}i", number.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, bytes: Option<u64>, shown: &str) {
        let size: Size = text.parse().unwrap();
        assert_eq!((size.0, size.to_string().as_str()), (bytes, shown));
    }

    #[test]
    fn a_number_alone_is_kibibytes() {
        check("1", Some(1024), "1Ki");
        check("1.5", Some(1536), "1.5Ki");
        check("0", Some(0), "0");
    }

    #[test]
    fn suffixes_are_binary_in_any_case() {
        check("100B", Some(100), "100");
        check("10b", Some(10), "10");
        check("10M", Some(10 << 20), "10Mi");
        check("10mi", Some(10 << 20), "10Mi");
        check("16MiB", Some(16 << 20), "16Mi");
        check("1.1G", Some(1_181_116_006), "1.1Gi");
        check("15E", Some(15 << 60), "15Ei");
    }

    #[test]
    fn off_is_no_limit() {
        check("off", None, "off");
        check("-1", None, "off");
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "K", "1X", "-5M", "1 M", "NaN", "inf", "99E", "1.5.2", "1e400"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
