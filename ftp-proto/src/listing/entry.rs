//! What a listing line says: name, kind, size, time, rights, owners.
//!
//! Fields are what the server wrote, no more: a size counted in blocks or records that cannot be
//! turned into bytes is unknown, and a field the dialect lacks is `None`.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::{fmt, ops::Deref};

use super::Modified;

/// One thing in a directory.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The name as the bytes to send back; links and versions are split off.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Size in bytes where the line tells it.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Modified>,
    /// Unix permission bits, `0o7777` at most.
    pub mode: Option<u16>,
    /// What this login may do, as the `perm` fact of RFC 3659, section 7.5.5, says it.
    pub permissions: Option<Permissions>,
    /// Owner, by name or number.
    pub owner: Option<Text>,
    /// Group, by name or number.
    pub group: Option<Text>,
    /// The `unique` fact, an EPLF `i` fact: equal for two names of one file.
    pub unique: Option<Text>,
    /// Version of the file where the file system keeps several.
    pub version: Option<Version>,
    /// The line it was read from, without its end. Empty when it was not read from a line.
    pub line: Box<[u8]>,
}

impl Entry {
    /// Returns an entry of that name and kind with nothing else known.
    pub fn new(name: impl Into<Vec<u8>>, kind: Kind) -> Self {
        Self { name: name.into(), kind, ..Self::default() }
    }

    /// Returns the name as text when it is UTF-8.
    pub fn name_text(&self) -> Option<&str> {
        core::str::from_utf8(&self.name).ok()
    }

    /// Returns the name as text, with `U+FFFD` for what is not UTF-8.
    pub fn name_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// Says that this is a directory, the listed one and its parent included.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Current | Kind::Directory | Kind::Parent)
    }
}

/// What an entry is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// The listed directory itself: `.`, or `type=cdir`.
    Current,
    /// A block or character device.
    Device(Device),
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A plain file.
    File,
    /// Something else that the line names: a door, `OS.unix=whiteout`.
    Other,
    /// The directory above the listed one: `..`, or `type=pdir`.
    Parent,
    /// A Unix socket.
    Socket,
    /// A symbolic link, or what stands for one (`<SYMLINKD>`, `<JUNCTION>`).
    Symlink {
        /// Where it points to, where the server says it.
        target: Option<Vec<u8>>,
    },
    /// The line does not say.
    #[default]
    Unknown,
}

/// A device node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Device {
    /// A block device, else a character device.
    pub block: bool,
    /// Major and minor number.
    pub number: Option<(u32, u32)>,
}

/// A version of a file: `;7` on VMS.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub u32);

/// The rights of the `perm` fact (RFC 3659, section 7.5.5).
///
/// `pvals = "a" / "c" / "d" / "e" / "f" / "l" / "m" / "p" / "r" / "w"`
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Permissions(u16);

impl Permissions {
    const LETTERS: &'static [u8; 10] = b"acdeflmprw";

    /// Reads the value of a `perm` fact. Letters that the RFC does not know are left out.
    pub fn parse(value: &[u8]) -> Self {
        let bit = |c: &u8| Self::LETTERS.iter().position(|l| *l == c.to_ascii_lowercase());
        Self(value.iter().filter_map(bit).fold(0, |bits, at| bits | (1 << at)))
    }

    /// Says whether the right of this letter is there.
    pub fn has(self, letter: char) -> bool {
        self.letters().any(|l| l == letter)
    }

    /// Returns the letters in the order of the RFC.
    pub fn letters(self) -> impl Iterator<Item = char> {
        let there = move |(at, _): &(usize, &u8)| self.0 & (1 << at) != 0;
        Self::LETTERS.iter().enumerate().filter(there).map(|(_, letter)| char::from(*letter))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({self})")
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.letters().try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

/// A short run of bytes, such as an owner: kept in place up to 14 bytes, so that it costs no
/// allocation.
#[derive(Clone)]
pub struct Text(Store);

#[derive(Clone)]
enum Store {
    Inline(u8, [u8; Text::INLINE]),
    /// Boxed twice to be no larger than the other.
    Heap(Box<Box<[u8]>>),
}

impl Text {
    const INLINE: usize = 14;
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        let mut inline = [0; Self::INLINE];
        match u8::try_from(bytes.len()) {
            Ok(len) if bytes.len() <= Self::INLINE => {
                // So short a copy is faster byte by byte than by a call.
                inline.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
                Self(Store::Inline(len, inline))
            }
            _ => Self(Store::Heap(Box::new(bytes.into()))),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Store::Inline(len, bytes) => &bytes[..usize::from(*len)],
            Store::Heap(bytes) => bytes,
        }
    }
}

impl Eq for Text {}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_ignore_case_and_foreign_letters() {
        let read = Permissions::parse(b"FLCDMPEzz");
        assert_eq!(alloc::format!("{read}"), "cdeflmp");
        assert!(read.has('e') && !read.has('w'));
    }

    #[test]
    fn text_is_equal_inline_and_on_the_heap() {
        for len in [0, 1, 13, 14, 15, 300] {
            let bytes = alloc::vec![b'x'; len];
            assert_eq!(&*Text::from(&bytes[..]), &bytes[..]);
        }
    }
}
