//! A journal as text, for a file on a server: a heading, a line a file, and a last line that proves
//! the others whole.
//!
//! ```text
//! rclone journal 1
//! <size> <source's time> <precision> <copy's time> <precision> <SHA-256> <unique> <path>
//! end <SHA-256 of all before this line>
//! ```
//!
//! Times and precisions are nanoseconds, `-` stands for what is not known, and blanks, `%` and control
//! bytes are `%` and two digits.

use sha2::{Digest as _, Sha256};

use crate::path::{Name, Path};

use super::fact::Stored;
use super::{Fact, hex};

/// What every version begins with.
const HEADING: &[u8] = b"rclone journal ";
const VERSION: &[u8] = b"1";

/// No line that was written is longer.
const LONGEST: usize = 64 << 10;

/// Why a text is not a journal that can be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unread {
    /// It is cut short or was changed.
    Damaged,
    /// It is something else.
    Foreign,
    /// It was written by another version.
    Version,
}

/// Puts lines together.
pub(super) struct Writing {
    text: Vec<u8>,
    hasher: Sha256,
}

impl Writing {
    pub(super) fn new() -> Self {
        let text = [HEADING, VERSION, b"\n"].concat();
        Self { text, hasher: Sha256::new() }
    }

    /// Adds what is remembered of a place: a directory, a NUL, and a name.
    pub(super) fn add(&mut self, place: &[u8], stored: Stored<'_>) {
        let (size, (source, source_precision), (copy, copy_precision), unique, sha256) = stored;
        let times = format!("{size} {source} {source_precision} {copy} {copy_precision} ");
        self.text.extend_from_slice(times.as_bytes());
        match sha256 {
            Some(hash) => self.text.extend(hex(hash).bytes()),
            None => self.text.push(b'-'),
        }
        self.text.push(b' ');
        match unique {
            Some(unique) => escape(unique, &mut self.text),
            None => self.text.push(b'-'),
        }
        self.text.push(b' ');
        let path: Vec<u8> = match place.strip_prefix(b"\0") {
            Some(name) => name.to_vec(),
            None => place.iter().map(|&byte| if byte == 0 { b'/' } else { byte }).collect(),
        };
        escape(&path, &mut self.text);
        self.text.push(b'\n');
    }

    /// Returns the text so far, which is then no longer held.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.hasher.update(&self.text);
        std::mem::take(&mut self.text)
    }

    /// Returns the rest of the text.
    pub(super) fn end(mut self) -> Vec<u8> {
        let mut rest = self.take();
        rest.extend(format!("end {}\n", hex(&self.hasher.finalize())).bytes());
        rest
    }
}

/// Takes lines apart.
pub(super) struct Reading {
    /// The start of a line whose end is still to come.
    rest: Vec<u8>,
    hasher: Sha256,
    begun: bool,
    ended: bool,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self { rest: Vec::new(), hasher: Sha256::new(), begun: false, ended: false }
    }

    /// Takes the next piece in and returns the files whose lines end there.
    pub(super) fn read(&mut self, piece: &[u8]) -> Result<Vec<(Path, Name, Fact)>, Unread> {
        self.rest.extend_from_slice(piece);
        if !self.begun && !starts_alike(&self.rest, HEADING) {
            return Err(Unread::Foreign);
        }
        let text = std::mem::take(&mut self.rest);
        let mut files = Vec::new();
        let mut lines = text.split(|&byte| byte == b'\n');
        let unfinished = lines.next_back().unwrap_or_default();
        for line in lines {
            files.extend(self.line(line)?);
        }
        if unfinished.len() > LONGEST {
            return Err(Unread::Damaged);
        }
        self.rest = unfinished.to_vec();
        Ok(files)
    }

    /// Ends the text; only now what was read of it may be believed.
    pub(super) fn end(self) -> Result<(), Unread> {
        let whole = self.ended && self.rest.is_empty();
        if whole { Ok(()) } else { Err(Unread::Damaged) }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<(Path, Name, Fact)>, Unread> {
        if self.ended {
            return Err(Unread::Damaged);
        }
        let proof = line.strip_prefix(b"end ");
        if let Some(proof) = proof.filter(|_| self.begun) {
            self.ended = hex(&self.hasher.finalize_reset()).as_bytes() == proof;
            return if self.ended { Ok(None) } else { Err(Unread::Damaged) };
        }
        self.hasher.update(line);
        self.hasher.update(b"\n");
        if std::mem::replace(&mut self.begun, true) {
            return fields(line).map(Some).ok_or(Unread::Damaged);
        }
        let known = line.strip_prefix(HEADING) == Some(VERSION);
        if known { Ok(None) } else { Err(Unread::Version) }
    }
}

fn starts_alike(text: &[u8], heading: &[u8]) -> bool {
    let length = text.len().min(heading.len());
    text[..length] == heading[..length]
}

fn fields(line: &[u8]) -> Option<(Path, Name, Fact)> {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let [size, source, source_precision, copy, copy_precision, sha256, unique, path] = fields[..]
    else {
        return None;
    };
    let sha256 = if sha256 == b"-" { None } else { Some(bytes(sha256)?) };
    let unique = if unique == b"-" { None } else { Some(unescape(unique)?) };
    let source = (number(source)?, number(source_precision)?);
    let copy = (number(copy)?, number(copy_precision)?);
    let stored = (number(size)?, source, copy, unique.as_deref(), sha256.as_deref());
    let (directory, name) = Path::new(&unescape(path)?).ok()?.split()?;
    Some((directory, name, Fact::read(stored)?))
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn bytes(hex: &[u8]) -> Option<Vec<u8>> {
    let pairs = hex.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(byte).collect()
}

fn byte(digits: &[u8]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let [high, low] = digits else { return None };
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

/// Adds bytes so that a blank and the end of a line are none of them. A lone `-` is no name for
/// nothing.
fn escape(bytes: &[u8], text: &mut Vec<u8>) {
    for &byte in bytes {
        let plain = !matches!(byte, 0..=b' ' | b'%' | 0x7F) && bytes != b"-";
        if plain {
            text.push(byte);
        } else {
            text.extend(format!("%{byte:02x}").bytes());
        }
    }
}

fn unescape(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((&first, rest)) = text.split_first() {
        let (read, behind) = match first {
            b'%' => (byte(rest.get(..2)?)?, &rest[2..]),
            plain => (plain, rest),
        };
        bytes.push(read);
        text = behind;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::entry::Modified;
    use crate::journal::place;

    fn facts() -> Vec<(Path, Name, Fact)> {
        let modified = |second, precision| Modified {
            at: Timestamp::from_second(second).unwrap(),
            precision: Duration::from_secs(precision),
        };
        let fact = |unique: Option<&[u8]>, sha256: Option<[u8; 32]>| Fact {
            size: 5,
            source: modified(-7, 0),
            copy: modified(9, 60),
            unique: unique.map(Into::into),
            sha256: sha256.map(Into::into),
        };
        let at = |path: &str, fact| {
            let (directory, name) = path.parse::<Path>().unwrap().split().unwrap();
            (directory, name, fact)
        };
        vec![
            at("a", fact(None, None)),
            at("-", fact(Some(b"-"), None)),
            at("d/e/with a blank, 100%\nand \u{e4}", fact(Some(b"8 1U\xff"), Some([0xA7; 32]))),
        ]
    }

    fn text() -> Vec<u8> {
        let mut writing = Writing::new();
        let mut text = writing.take();
        for (directory, name, fact) in facts() {
            writing.add(&place(&directory, &name), fact.stored());
            text.extend(writing.take());
        }
        text.extend(writing.end());
        text
    }

    fn read(text: &[u8], piece: usize) -> Result<Vec<(Path, Name, Fact)>, Unread> {
        let mut reading = Reading::new();
        let mut files = Vec::new();
        for piece in text.chunks(piece) {
            files.extend(reading.read(piece)?);
        }
        reading.end().map(|()| files)
    }

    #[test]
    fn what_was_written_is_read_however_it_comes() {
        for piece in [1, 7, 1000] {
            assert_eq!(read(&text(), piece), Ok(facts()));
        }
    }

    #[test]
    fn a_text_cut_anywhere_or_changed_is_damaged() {
        let text = text();
        for end in HEADING.len() + 2..text.len() {
            assert_eq!(read(&text[..end], 1000), Err(Unread::Damaged), "cut at {end}");
            let mut changed = text.clone();
            changed[end] ^= 1;
            assert_eq!(read(&changed, 1000), Err(Unread::Damaged), "changed at {end}");
        }
        assert_eq!(read(b"", 1), Err(Unread::Damaged));
        assert_eq!(read(&[&text[..], b"more"].concat(), 1000), Err(Unread::Damaged));
    }

    #[test]
    fn another_version_and_another_file_are_told_apart() {
        assert_eq!(read(b"rclone journal 2\nwhat will be\n", 3), Err(Unread::Version));
        assert_eq!(read(b"<html>\n", 1), Err(Unread::Foreign));
    }
}
