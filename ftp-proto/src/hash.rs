//! Hashes a server computes: `HASH` ([draft-bryan-ftpext-hash]), `MD5` and `MMD5`
//! ([draft-twine-ftpmd5]), and `XCRC`, `XMD5`, `XSHA*` of no draft at all.
//!
//! Answers differ (with a range or without, with the name or without, in one line or three), so
//! what is looked for is the one word of hexadecimal digits that has the length of the algorithm.
//!
//! [draft-bryan-ftpext-hash]: https://datatracker.ietf.org/doc/draft-bryan-ftpext-hash/
//! [draft-twine-ftpmd5]: https://datatracker.ietf.org/doc/draft-twine-ftpmd5/

use alloc::string::String;
use alloc::vec::Vec;
use core::str;

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
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The hash of one of several files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Named {
    /// The name, as it was asked for.
    pub name: Vec<u8>,
    /// The bytes of the hash.
    pub hash: Vec<u8>,
}

impl Algorithm {
    /// All of them, from weak to strong.
    pub const ALL: [Self; 7] = [
        Self::Crc32,
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

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
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Returns the command of its own that computes it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Crc32 => "XCRC",
            Self::Md5 => "XMD5",
            Self::Sha1 => "XSHA1",
            Self::Sha224 => "XSHA224",
            Self::Sha256 => "XSHA256",
            Self::Sha384 => "XSHA384",
            Self::Sha512 => "XSHA512",
        }
    }

    /// Returns how many bytes the hash has.
    pub fn length(self) -> usize {
        match self {
            Self::Crc32 => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Reads the hash in the answer to `HASH`, to a command of its own, or to `MD5`.
///
/// "hash-ok = `213` SP hashname SP start-point `-` end-point SP filehash SP \<pathname\>"
/// (draft-bryan-ftpext-hash 3); older drafts have no range and FileZilla Server no name either: the
/// first word that fits counts, since the name may look like a hash. The others answer `250 HEX`,
/// `220 XMD5 MD5=HEX` (WS_FTP) or `251 name HEX` (draft-twine-ftpmd5 3.1): the last word that fits
/// counts. A CRC may come without its leading zeros. Lines before the last may only say that the
/// server still reads.
///
/// # Errors
/// When the server refused, or no word has the length of the algorithm.
pub fn hash(reply: &Reply, algorithm: Algorithm) -> Result<Vec<u8>, Misread> {
    let misread = || Misread::new("hash", reply);
    let lines: Vec<&[u8]> = reply.texts().collect();
    let from_start = reply.code() == 213;
    let mut found = lines.iter().rev().filter_map(|text| find(text, algorithm, from_start));
    let word = found.next().filter(|_| reply.code().is_completion()).ok_or_else(misread)?;
    bytes(word, algorithm.length()).ok_or_else(misread)
}

/// Reads so many bytes in hexadecimal, whose leading zeros may be missing.
fn bytes(word: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut bytes = alloc::vec![0; length];
    for (place, digit) in word.iter().rev().enumerate() {
        let digit = char::from(*digit).to_digit(16).and_then(|d| u8::try_from(d).ok())?;
        *bytes.iter_mut().rev().nth(place / 2)? |= digit << (4 * (place % 2));
    }
    Some(bytes)
}

/// Reads the answer to `MMD5`, the name and the hash of each file: `252 name HEX, "a name" HEX`.
///
/// "Each group would contain the specified filepath (verbatim) followed by a space (or some amount
/// of whitespace) followed by the MD5 checksum value" (draft-twine-ftpmd5 3.2); quotes around a
/// name are taken off. A single file may be answered with `251`.
///
/// # Errors
/// When the server refused, or a group has no hash.
pub fn hashes(reply: &Reply) -> Result<Vec<Named>, Misread> {
    let text = reply.text();
    let groups = group_ends(text).scan(0, |begin, end| {
        let group = &text[*begin..end];
        *begin = (end + 1).min(text.len());
        Some(named(group))
    });
    let all: Option<Vec<_>> = groups.collect();
    all.filter(|all| !all.is_empty() && reply.code().is_completion())
        .ok_or_else(|| Misread::new("hash", reply))
}

/// Returns where groups end: at a comma behind a hash, for a name may hold commas too.
fn group_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_hash = |at: &usize| {
        let digits = text[..*at].split_last_chunk::<32>();
        digits.is_some_and(|(_, digits)| digits.iter().all(u8::is_ascii_hexdigit))
    };
    memchr::memchr_iter(b',', text).filter(is_hash).chain([text.len()])
}

/// Reads `name HEX`.
fn named(group: &[u8]) -> Option<Named> {
    let group = group.trim_ascii();
    let blank = group.iter().rposition(u8::is_ascii_whitespace)?;
    let digits = str::from_utf8(&group[blank + 1..]).ok()?;
    let hash = bytes(digits.as_bytes(), Algorithm::Md5.length())?;
    let name = group[..blank].trim_ascii();
    let quoted = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
    let whole = digits.len() == 2 * hash.len();
    whole.then(|| Named { name: quoted.unwrap_or(name).to_vec(), hash })
}

/// Reads which bytes a `213` to `HASH` covers, first and last: "start-point `-` end-point".
pub fn range(reply: &Reply) -> Option<(u64, u64)> {
    let mut words = reply.text().split(u8::is_ascii_whitespace).skip(1);
    let (first, last) = str::from_utf8(words.next()?).ok()?.split_once('-')?;
    first.parse().ok().zip(last.parse().ok()).filter(|_| reply.code() == 213)
}

/// Reads the algorithm that the answer to `OPTS HASH` names, the one that `HASH` now computes:
/// "hashopts-ok = `200` SP hashname" (draft-bryan-ftpext-hash 3.2).
pub fn chosen(reply: &Reply) -> Option<Algorithm> {
    let text = String::from_utf8_lossy(reply.text());
    let named = text.split_ascii_whitespace().rev().find_map(Algorithm::named);
    named.filter(|_| reply.code().is_completion())
}

fn find(text: &[u8], algorithm: Algorithm, from_start: bool) -> Option<&[u8]> {
    let full = algorithm.length() * 2;
    let is_hex = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit);
    let parts = |byte: &u8| byte.is_ascii_whitespace() || b"=\":<>,;".contains(byte);
    let text = text.trim_ascii_end();
    let text = text.strip_suffix(b".").unwrap_or(text);
    let words = || text.split(parts).map(unmarked).filter(is_hex);
    let mut fitting = words().filter(|word| word.len() == full);
    let fits = if from_start { fitting.next() } else { fitting.next_back() };
    let short = || words().next_back().filter(|word| word.len() < full);
    fits.or_else(|| short().filter(|_| algorithm == Algorithm::Crc32))
}

fn unmarked(word: &[u8]) -> &[u8] {
    word.strip_prefix(b"0x").unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

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
        check(&format!("250-{md5}\r\n250 Done.\r\n"), Algorithm::Md5, Some(md5));
        check(&format!("251 \"a b.txt\" {md5}"), Algorithm::Md5, Some(md5));
        check(&format!("250 MD5:{md5}."), Algorithm::Md5, Some(md5));
        check(&format!("250 <{md5}>"), Algorithm::Md5, Some(md5));
        let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        check(&format!("213 SHA-1 0-0 {sha1} {md5}"), Algorithm::Sha1, Some(sha1));
    }

    #[test]
    fn a_name_that_looks_like_a_hash_is_none() {
        let (hash, name) = ("d41d8cd98f00b204e9800998ecf8427e", "00000000000000000000000000000000");
        check(&format!("213 MD5 0-1 {hash} {name}"), Algorithm::Md5, Some(hash));
        check(&format!("251 {name} {hash}"), Algorithm::Md5, Some(hash));
        check(&format!("250-{name}\r\n250 {hash}"), Algorithm::Md5, Some(hash));
    }

    #[test]
    fn a_server_may_say_that_it_still_reads() {
        let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let reply = format!("213-\r\n213-\r\n213 SHA-1 0-49 {sha1} filename.ext\r\n");
        check(&reply, Algorithm::Sha1, Some(sha1));
    }

    #[test]
    fn several_files_are_told_at_once() {
        let read = |line: &str| hashes(&Reply::parse(line.as_bytes()).expect("a reply")).ok();
        let (one, two) = ("E67DED2886048D308532042B777D53CF", "604e67ded8d308b777d53cf532042288");
        let pair = |name: &str, hex: &str| {
            let hash = bytes(hex.as_bytes(), 16).expect("a hash");
            Named { name: name.as_bytes().to_vec(), hash }
        };
        let line = format!("252 filename.ext {one}, \"../SomeDir/A File.txt\" {two}");
        let both = alloc::vec![pair("filename.ext", one), pair("../SomeDir/A File.txt", two)];
        assert_eq!(read(&line), Some(both));
        let line = format!("252 a, b {one},c {two}");
        assert_eq!(read(&line), Some(alloc::vec![pair("a, b", one), pair("c", two)]));
        assert_eq!(read(&format!("251 x {one}")), Some(alloc::vec![pair("x", one)]));
        assert_eq!(read(&format!("252 a {one}, b")), None);
        assert_eq!(read(&format!("252 a {one}, b 00")), None);
        assert_eq!(read(&format!("504 a {one}")), None);
        assert_eq!(read("252"), None);
    }

    #[test]
    fn a_crc_may_lack_leading_zeros() {
        check("250 0D4A1185", Algorithm::Crc32, Some("0d4a1185"));
        check("250 D4A1185", Algorithm::Crc32, Some("0d4a1185"));
        check("250 XCRC 0", Algorithm::Crc32, Some("00000000"));
        check("250 0x0D4A1185", Algorithm::Crc32, Some("0d4a1185"));
    }

    #[test]
    fn another_length_is_no_hash() {
        check("213 MD5 0-1023 d41d8cd9 x", Algorithm::Md5, None);
        check("550 no such file", Algorithm::Sha256, None);
        check("550 d41d8cd98f00b204e9800998ecf8427e: no such file", Algorithm::Md5, None);
        check("250 123456789", Algorithm::Crc32, None);
    }

    #[test]
    fn a_range_is_told_by_the_server() {
        let range = |line: &str| range(&Reply::parse(line.as_bytes()).expect("a reply"));
        assert_eq!(range("213 SHA-256 0-1023 aa name"), Some((0, 1023)));
        assert_eq!(range("213 SHA-256 aa 0-1"), None);
        assert_eq!(range("213 SHA-256"), None);
        assert_eq!(range("250 MD5 0-1 aa"), None);
    }

    #[test]
    fn the_server_confirms_an_algorithm() {
        let chosen = |line: &str| chosen(&Reply::parse(line.as_bytes()).expect("a reply"));
        assert_eq!(chosen("200 SHA-256"), Some(Algorithm::Sha256));
        assert_eq!(chosen("200 OPTS HASH set to MD5"), Some(Algorithm::Md5));
        assert_eq!(chosen("200 TIGER"), None);
        assert_eq!(chosen("501 Unknown algorithm SHA-256"), None);
    }

    #[test]
    fn names_are_found_without_case_and_dash() {
        assert_eq!(Algorithm::named("sha-256"), Some(Algorithm::Sha256));
        assert_eq!(Algorithm::named("SHA1"), Some(Algorithm::Sha1));
        assert_eq!(Algorithm::named("crc32"), Some(Algorithm::Crc32));
        assert_eq!(Algorithm::named("TIGER"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read((algorithm, bytes) in crate::strategy::hash()) {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let lines = [
                format!("213 {} 0-1 {hex} {hex}", algorithm.name()),
                format!("213 {} {hex}", algorithm.name()),
                format!("250 {}", hex.to_uppercase()),
                format!("250-Computing\r\n250 {hex}\r\n"),
                format!("220 {} {}={hex}", algorithm.verb(), algorithm.name()),
            ];
            for line in lines {
                let reply = Reply::parse(line.as_bytes()).expect("a reply");
                prop_assert_eq!(hash(&reply, algorithm), Ok(bytes.clone()), "{}", line);
            }
        }

        #[test]
        fn several_written_are_read(all in proptest::collection::vec(crate::strategy::named(Algorithm::Md5), 1..5)) {
            let hex = |named: &Named| named.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let group = |named: &Named| format!("{} {}", String::from_utf8_lossy(&named.name), hex(named));
            let line = format!("252 {}", all.iter().map(group).collect::<Vec<_>>().join(", "));
            let reply = Reply::parse(line.as_bytes()).expect("a reply");
            prop_assert_eq!(hashes(&reply), Ok(all), "{}", line);
        }
    }
}
