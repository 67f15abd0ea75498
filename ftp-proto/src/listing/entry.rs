//! What a listing line says: name, kind, size, time, rights, owners.
//!
//! Fields are what the server wrote, no more: a size counted in blocks or records that cannot be
//! turned into bytes is unknown, and a field the dialect lacks is `None`.

use alloc::{borrow::Cow, boxed::Box, string::String};
use core::fmt;

use super::{Modified, fields::Found};

/// One thing in a directory.
///
/// The line it was read from is kept, and the texts in it are ranges of that line, so that an entry
/// is one allocation. Two entries are equal when they say the same, whatever line said it.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Entry {
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
    /// Version of the file where the file system keeps several.
    pub version: Option<Version>,
    /// The line, and behind it the texts that are no part of it.
    texts: Box<[u8]>,
    /// How much of the texts is the line.
    line: u32,
    name: Span,
    target: Span,
    owner: Span,
    group: Span,
    unique: Span,
}

impl Entry {
    /// Returns an entry of that name and kind with nothing else known.
    pub fn new(name: impl AsRef<[u8]>, kind: Kind) -> Self {
        let mut entry = Self { kind, ..Self::default() };
        entry.set_name(name);
        entry
    }

    /// Takes the line and what was found in it.
    pub(super) fn read(line: &[u8], found: &Found<'_>) -> Self {
        let texts: Box<[u8]> = line.into();
        let line_len = index(line.len());
        let mut foreign = found.file_type.is_some();
        let mut span = |text: Option<&[u8]>| match text {
            None => Span::NONE,
            Some(text) => Span::in_line(line, text).unwrap_or_else(|| {
                foreign = true;
                Span::NONE
            }),
        };
        let (name, target) = (span(Some(found.name)), span(found.target));
        let (owner, group, unique) = (span(found.owner), span(found.group), span(found.unique));
        if foreign {
            return Self::keep_behind(line, found);
        }
        // Built where it is returned: it is large.
        Self {
            kind: found.kind,
            size: found.size,
            modified: found.modified,
            mode: found.mode,
            permissions: found.permissions,
            version: found.version,
            texts,
            line: line_len,
            name,
            target,
            owner,
            group,
            unique,
        }
    }

    /// Takes texts that are no part of the line too, and keeps all behind it.
    #[cold]
    fn keep_behind(line: &[u8], found: &Found<'_>) -> Self {
        let bare = Found { name: &line[..0], file_type: None, target: None, ..*found };
        let bare = Found { owner: None, group: None, unique: None, ..bare };
        let mut entry = Self::read(line, &bare);
        match found.file_type {
            None => entry.set_name(found.name),
            Some(file_type) => entry.set_name([found.name, b".", file_type].concat()),
        }
        let others = [found.target, found.owner, found.group, found.unique];
        let kept = others.map(|text| text.map_or(Span::NONE, |text| entry.keep(text)));
        [entry.target, entry.owner, entry.group, entry.unique] = kept;
        entry
    }

    /// Returns the name as the bytes to send back; links and versions are split off.
    pub fn name(&self) -> &[u8] {
        self.text(self.name).unwrap_or_default()
    }

    /// Returns the name as text when it is UTF-8.
    pub fn name_text(&self) -> Option<&str> {
        core::str::from_utf8(self.name()).ok()
    }

    /// Returns the name as text, with `U+FFFD` for what is not UTF-8.
    pub fn name_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.name())
    }

    /// Returns where a symbolic link points to, where the server says it.
    pub fn target(&self) -> Option<&[u8]> {
        self.text(self.target)
    }

    /// Returns the owner, by name or number.
    pub fn owner(&self) -> Option<&[u8]> {
        self.text(self.owner)
    }

    /// Returns the group, by name or number.
    pub fn group(&self) -> Option<&[u8]> {
        self.text(self.group)
    }

    /// Returns the `unique` fact or the `i` fact of EPLF: equal for two names of one file.
    pub fn unique(&self) -> Option<&[u8]> {
        self.text(self.unique)
    }

    /// Returns the line it was read from, without its end. Empty when it was not read from a line.
    pub fn line(&self) -> &[u8] {
        &self.texts[..self.line as usize]
    }

    /// Says that this is a directory, the listed one and its parent included.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Current | Kind::Directory | Kind::Parent)
    }

    /// Gives it another name.
    pub fn set_name(&mut self, name: impl AsRef<[u8]>) {
        self.name = self.keep(name.as_ref());
    }

    /// Tells where the symbolic link points to.
    pub fn set_target(&mut self, target: impl AsRef<[u8]>) {
        self.target = self.keep(target.as_ref());
    }

    /// Tells the owner.
    pub fn set_owner(&mut self, owner: impl AsRef<[u8]>) {
        self.owner = self.keep(owner.as_ref());
    }

    /// Tells the group.
    pub fn set_group(&mut self, group: impl AsRef<[u8]>) {
        self.group = self.keep(group.as_ref());
    }

    /// Tells what is equal for two names of one file.
    pub fn set_unique(&mut self, unique: impl AsRef<[u8]>) {
        self.unique = self.keep(unique.as_ref());
    }

    fn text(&self, span: Span) -> Option<&[u8]> {
        self.texts.get(span.start as usize..(span.past as usize).checked_sub(1)?)
    }

    /// Puts a text behind the others.
    fn keep(&mut self, text: &[u8]) -> Span {
        let span = Span::new(self.texts.len(), text.len());
        self.texts = [&self.texts, text].concat().into();
        span
    }

    /// All that it says.
    fn said(&self) -> impl Eq + use<'_> {
        let texts = [Some(self.name()), self.target(), self.owner(), self.group(), self.unique()];
        let rights = (self.mode, self.permissions, self.version);
        (self.kind, self.size, self.modified, rights, texts)
    }
}

impl Eq for Entry {}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.said() == other.said()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: Option<&[u8]>| text.map(|t| String::from_utf8_lossy(t).into_owned());
        f.debug_struct("Entry")
            .field("name", &self.name_lossy())
            .field("kind", &self.kind)
            .field("target", &text(self.target()))
            .field("size", &self.size)
            .field("modified", &self.modified)
            .field("mode", &self.mode)
            .field("permissions", &self.permissions)
            .field("owner", &text(self.owner()))
            .field("group", &text(self.group()))
            .field("unique", &text(self.unique()))
            .field("version", &self.version)
            .field("line", &String::from_utf8_lossy(self.line()))
            .finish()
    }
}

/// Returns a place in the texts of an entry; lines are far shorter.
fn index(at: usize) -> u32 {
    u32::try_from(at).expect("an entry holds less than 4 GiB of text")
}

/// A range of the texts of an entry, or none.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    /// One more than the end; 0 where there is no text.
    past: u32,
}

impl Span {
    const NONE: Self = Self { start: 0, past: 0 };

    fn new(start: usize, len: usize) -> Self {
        Self { start: index(start), past: index(start + len + 1) }
    }

    /// Finds a text that is a part of the line, which is shorter than 4 GiB.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the line is short, and its parts are")]
    fn in_line(line: &[u8], text: &[u8]) -> Option<Self> {
        let start = text.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
        let is_part = start <= line.len() && text.len() <= line.len() - start;
        is_part.then(|| Self { start: start as u32, past: (start + text.len() + 1) as u32 })
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
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
    Symlink,
    /// The line does not say.
    #[default]
    Unknown,
}

/// A device node.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Device {
    /// A block device, else a character device.
    pub block: bool,
    /// Major and minor number.
    pub number: Option<(u32, u32)>,
}

/// A version of a file: `;7` on VMS.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub u16);

/// The rights of the `perm` fact (RFC 3659, section 7.5.5).
///
/// `pvals = "a" / "c" / "d" / "e" / "f" / "l" / "m" / "p" / "r" / "w"`
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Permissions(u16);

impl Permissions {
    const LETTERS: &'static [u8; 10] = b"acdeflmprw";

    /// Reads the value of a `perm` fact. Letters that the RFC does not know are left out.
    pub fn parse(value: &[u8]) -> Self {
        Self(value.iter().fold(0, |bits, letter| bits | Self::BITS[usize::from(*letter)]))
    }

    /// Reads the letters up to this byte, which is none of them, and returns what is behind it.
    #[inline]
    pub(super) fn before(end: u8, text: &[u8]) -> Option<(Self, &[u8])> {
        let letters = text.first_chunk::<{ Self::LETTERS.len() + 1 }>()?;
        let mut bits = 0;
        for (at, letter) in letters.iter().enumerate() {
            match Self::BITS[usize::from(*letter)] {
                0 if *letter == end => return Some((Self(bits), &text[at + 1..])),
                0 => return None,
                bit => bits |= bit,
            }
        }
        None
    }

    /// The bit of each letter, in either case.
    const BITS: [u16; 256] = {
        let (mut bits, mut at) = ([0; 256], 0);
        while at < Self::LETTERS.len() {
            let letter = Self::LETTERS[at];
            bits[letter as usize] = 1 << at;
            bits[letter.to_ascii_uppercase() as usize] = 1 << at;
            at += 1;
        }
        bits
    };

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_of_the_line_or_behind_it() {
        let line = b"name -> target".to_vec();
        let found = Found {
            target: Some(&line[8..]),
            owner: Some(b"else"),
            ..Found::new(&line[..4], Kind::Symlink, None, None)
        };
        let mut entry = Entry::read(&line, &found);
        assert_eq!((entry.name(), entry.target()), (&b"name"[..], Some(&b"target"[..])));
        assert_eq!((entry.owner(), entry.line()), (Some(&b"else"[..]), &line[..]));
        entry.set_name("other");
        assert_eq!((entry.name(), entry.target()), (&b"other"[..], Some(&b"target"[..])));
        assert_eq!((entry.owner(), entry.line()), (Some(&b"else"[..]), &line[..]));
    }

    #[test]
    fn entries_are_equal_when_they_say_the_same() {
        let read = |line: &[u8], name: &[u8]| {
            Entry::read(line, &Found::new(name, Kind::File, Some(1), None))
        };
        let entry = read(b"1 name", b"name");
        assert_eq!(entry, read(b"name  1", b"name"));
        assert_ne!(entry, read(b"1 name", b"nam"));
        assert_ne!(entry, Entry::new("name", Kind::File));
    }

    #[test]
    fn an_entry_is_two_cache_lines() {
        assert!(size_of::<Entry>() <= 128, "{}", size_of::<Entry>());
    }

    #[test]
    fn permissions_ignore_case_and_foreign_letters() {
        let read = Permissions::parse(b"FLCDMPEzz");
        assert_eq!(alloc::format!("{read}"), "cdeflmp");
        assert!(read.has('e') && !read.has('w'));
        let all = Permissions::parse(Permissions::LETTERS);
        assert_eq!(alloc::format!("{all}"), "acdeflmprw");
    }
}
