//! Hashes a server computes: `HASH` ([draft-bryan-ftpext-hash]) and the older `XCRC`, `XMD5`, `XSHA*`.
//!
//! Answers differ (with a range or without, with the name or without, in one line or three), so
//! what is looked for is the one word of hexadecimal digits that has the length of the algorithm.
//!
//! [draft-bryan-ftpext-hash]: https://datatracker.ietf.org/doc/draft-bryan-ftpext-hash/

use alloc::vec::Vec;

use crate::error::Misread;
use crate::reply::Reply;

/// A hash that servers know how to compute.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Algorithm {
    /// CRC-32 as in ZIP.
    Crc32,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// All of them, from weak to strong.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// Finds one by its name in `FEAT` and `OPTS HASH`, without case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| {
            let plain = name.bytes().filter(|byte| *byte != b'-');
            let own = algorithm.name().bytes().filter(|byte| *byte != b'-');
            plain.map(|byte| byte.to_ascii_uppercase()).eq(own)
        })
    }

    /// Returns the name for `OPTS HASH`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Returns the command of its own that computes it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Crc32 => "XCRC",
            Self::Md5 => "XMD5",
            Self::Sha1 => "XSHA1",
            Self::Sha256 => "XSHA256",
            Self::Sha512 => "XSHA512",
        }
    }

    /// Returns how many bytes the hash has.
    pub fn length(self) -> usize {
        match self {
            Self::Crc32 => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Reads the hash in the answer to `HASH` or to a command of its own.
///
/// `213 SHA-256 0-1023 HEX name` and `250 HEX` both occur. A name may look like a hash, so the
/// first word that fits counts. A CRC may come without its leading zeros.
///
/// # Errors
/// When no word has the length of the algorithm.
pub fn hash(reply: &Reply, algorithm: Algorithm) -> Result<Vec<u8>, Misread> {
    let misread = || Misread::new("hash", reply);
    let word = find(reply.text(), algorithm).ok_or_else(misread)?;
    let length = algorithm.length();
    let mut bytes = alloc::vec![0; length];
    for (place, digit) in word.iter().rev().enumerate() {
        let digit = char::from(*digit).to_digit(16).and_then(|d| u8::try_from(d).ok());
        bytes[length - 1 - place / 2] |= digit.ok_or_else(misread)? << (4 * (place % 2));
    }
    Ok(bytes)
}

fn find(text: &[u8], algorithm: Algorithm) -> Option<&[u8]> {
    let full = algorithm.length() * 2;
    let is_hex = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit);
    let mut words = text.split(|byte| byte.is_ascii_whitespace() || *byte == b'=').filter(is_hex);
    if algorithm == Algorithm::Crc32 {
        return words
            .clone()
            .find(|word| word.len() == full)
            .or_else(|| words.next_back())
            .filter(|word| word.len() <= full);
    }
    words.find(|word| word.len() == full)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    #[track_caller]
    fn check(line: &str, algorithm: Algorithm, expected: Option<&str>) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        let read = hash(&reply, algorithm).ok();
        let hex = read.map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
        assert_eq!(hex.as_deref(), expected, "{line}");
    }

    #[test]
    fn the_hash_is_found_in_every_form() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        check(&format!("213 MD5 0-1023 {md5} a b.txt"), Algorithm::Md5, Some(md5));
        check(&format!("213 MD5 {md5}"), Algorithm::Md5, Some(md5));
        check(&format!("250 {}", md5.to_uppercase()), Algorithm::Md5, Some(md5));
        check(&format!("250-Computing\r\n250 {md5}\r\n"), Algorithm::Md5, Some(md5));
        check(&format!("220 XMD5 MD5={md5}"), Algorithm::Md5, Some(md5));
        let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        check(&format!("213 SHA-1 0-0 {sha1} {md5}"), Algorithm::Sha1, Some(sha1));
    }

    #[test]
    fn a_crc_may_lack_leading_zeros() {
        check("250 0D4A1185", Algorithm::Crc32, Some("0d4a1185"));
        check("250 D4A1185", Algorithm::Crc32, Some("0d4a1185"));
        check("250 XCRC 0", Algorithm::Crc32, Some("00000000"));
    }

    #[test]
    fn another_length_is_no_hash() {
        check("213 MD5 0-1023 d41d8cd9 x", Algorithm::Md5, None);
        check("550 no such file", Algorithm::Sha256, None);
        check("250 123456789", Algorithm::Crc32, None);
    }

    #[test]
    fn names_are_found_without_case_and_dash() {
        assert_eq!(Algorithm::named("sha-256"), Some(Algorithm::Sha256));
        assert_eq!(Algorithm::named("SHA1"), Some(Algorithm::Sha1));
        assert_eq!(Algorithm::named("crc32"), Some(Algorithm::Crc32));
        assert_eq!(Algorithm::named("TIGER"), None);
    }
}
