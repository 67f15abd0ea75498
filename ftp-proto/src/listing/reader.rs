//! The reader: bytes in, one item for each line out.
//!
//! It looks for the dialect where it was last found, then everywhere, so that a listing in one
//! dialect costs one attempt a line and a mixture is still read. Every line ends as exactly one
//! item; where a line is held back (a name whose fields follow on the next line, a date whose order
//! a later line may prove) its item comes later, in order.

mod held;
mod state;

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use jiff::civil::DateTime;

use self::state::State;
use super::{Dialect, Entry, Kind, fields::Found, lines::Lines};

/// What a reader needs to know beforehand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The time now, in the server's zone if it is known: years that a line leaves out follow it.
    pub now: DateTime,
    /// Where to look first, such as [`Dialect::from_syst`] tells.
    pub hint: Option<Dialect>,
    /// The only dialect to read.
    pub fixed: Option<Dialect>,
    /// The directory that is listed: entries named by their full path are seen to be in it.
    pub directory: Option<Vec<u8>>,
    /// What a server may ask us to hold.
    pub caps: Caps,
}

impl Options {
    /// Returns options with nothing known but the time.
    pub fn new(now: DateTime) -> Self {
        Self { now, hint: None, fixed: None, directory: None, caps: Caps::default() }
    }
}

/// Limits against hostile servers.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Caps {
    /// Bytes of one line, [`MAX_LINE`](Self::MAX_LINE) at most; the rest of a longer one is
    /// dropped.
    pub line: usize,
    /// Lines of one listing; what follows is not read.
    pub lines: u64,
    /// Entries held back at a time.
    pub held: usize,
}

impl Caps {
    /// No line may be longer, whatever `line` says.
    pub const MAX_LINE: usize = 16 << 20;
}

impl Default for Caps {
    fn default() -> Self {
        Self { line: 64 << 10, lines: 100_000_000, held: 256 }
    }
}

/// What a line turned out to be.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// Something in the directory.
    Entry(Entry),
    /// The directory itself or the one above it: `.`, `..`, `cdir`, `pdir`.
    Own(Entry),
    /// The path of the directory whose entries follow, in a recursive listing.
    Section(Vec<u8>),
    /// A header, a total, a blank line.
    Noise,
    /// A line that nobody understood: there is something in the directory that we do not know.
    Unread(Unread),
}

impl Item {
    /// Makes an item of what was found in a line.
    fn of(line: &[u8], found: &Found<'_>) -> Self {
        let entry = Entry::read(line, found);
        match found.kind {
            Kind::Current | Kind::Parent => Self::Own(entry),
            _ => Self::Entry(entry),
        }
    }
}

/// A line that is no entry and no known noise.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unread {
    /// The line without its end, cut where it is too long.
    pub line: Box<[u8]>,
    /// What is wrong with it.
    pub reason: Reason,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read listing line `{}`: {}", self.line.escape_ascii(), self.reason)
    }
}

impl core::error::Error for Unread {}

/// Why a line could not be read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A column is missing or of the wrong sort.
    #[error("a column is missing or of the wrong sort")]
    Columns,
    /// There is no such day or time, or no date where one is due.
    #[error("no date or time that exists")]
    Date,
    /// The line is longer than the cap.
    #[error("longer than the cap on lines")]
    LineTooLong,
    /// The listing has more lines than the cap allows.
    #[error("more lines than the cap on listings")]
    ListingTooLong,
    /// There is no name.
    #[error("no name")]
    Name,
    /// The server says that it may not look at this one.
    #[error("the server has no access to it")]
    Refused,
    /// The size is no number, or too large a one.
    #[error("no size that can be")]
    Size,
    /// No dialect has such lines.
    #[error("no known dialect has such lines")]
    Unknown,
}

/// Reads one listing.
#[derive(Debug)]
pub struct Reader {
    lines: Lines,
    state: State,
    steps: u64,
}

impl Reader {
    /// Returns a reader for one listing.
    pub fn new(options: Options) -> Self {
        Self { lines: Lines::new(options.caps), state: State::new(options), steps: 0 }
    }

    /// Reads the next bytes of the listing, split anywhere.
    ///
    /// Lines are read where they lie in these bytes; only one that is not whole is kept. Bytes that
    /// are not read yet when the iterator is dropped are kept too, and are read first the next time.
    #[inline]
    pub fn read<'r>(&'r mut self, bytes: &'r [u8]) -> Items<'r> {
        Items { reader: self, bytes }
    }

    /// Tells that the listing is complete, and reads what is left: a last line without an end
    /// counts.
    pub fn finish(&mut self) -> Items<'_> {
        self.lines.finish();
        self.read(&[])
    }

    /// Returns the next line, and fills in what is found in it, where it lies whole in these bytes and
    /// is like the one before: nearly all are.
    #[inline]
    fn usual<'b>(&mut self, bytes: &mut &'b [u8], found: &mut Found<'b>) -> Option<&'b [u8]> {
        if !self.state.ready.is_empty() {
            return None;
        }
        let (line, rest) = self.lines.whole(bytes)?;
        if !self.state.usual(line, found) {
            return None;
        }
        self.steps += 1;
        self.lines.passed(bytes.len() - rest.len());
        *bytes = rest;
        Some(line)
    }

    /// Returns the next item, of what was kept and then of these bytes.
    #[inline(never)]
    fn next(&mut self, bytes: &mut &[u8]) -> Option<Item> {
        loop {
            if let Some(item) = self.state.ready.pop_front() {
                return Some(item);
            }
            let Some(line) = self.lines.next(bytes) else { break };
            self.steps += 1;
            if let Some(item) = self.state.take(line) {
                return Some(item);
            }
        }
        if self.lines.is_finished() {
            self.state.end();
        }
        self.state.ready.pop_front()
    }

    /// Returns the dialect of the last entry.
    pub fn dialect(&self) -> Option<Dialect> {
        self.state.current
    }

    /// Returns how many bytes are kept for lines that are not read yet.
    #[doc(hidden)]
    pub fn buffered(&self) -> usize {
        self.lines.buffered()
    }

    /// Returns how many lines were looked at and how many bytes: the work done, for tests that it
    /// grows with the input and no faster.
    #[doc(hidden)]
    pub fn steps(&self) -> u64 {
        self.steps + self.lines.steps()
    }
}

/// The items of a piece of a listing, one for each line, in their order.
#[derive(Debug)]
#[must_use = "what is not read is kept in memory"]
pub struct Items<'r> {
    reader: &'r mut Reader,
    bytes: &'r [u8],
}

impl Iterator for Items<'_> {
    type Item = Item;

    // Called, so that an entry is written where the caller has it: it is large.
    #[inline(never)]
    fn next(&mut self) -> Option<Item> {
        let mut found = Found::default();
        match self.reader.usual(&mut self.bytes, &mut found) {
            Some(line) => Some(Item::Entry(Entry::read(line, &found))),
            None => self.reader.next(&mut self.bytes),
        }
    }
}

impl Drop for Items<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.reader.lines.keep(self.bytes);
        }
    }
}
