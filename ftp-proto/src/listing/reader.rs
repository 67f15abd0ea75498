//! The reader: bytes in, one item for each line out.
//!
//! It looks for the dialect where it was last found, then everywhere, so that a listing in one
//! dialect costs one attempt a line and a mixture is still read. Every line ends as exactly one
//! item; where a line is held back (a name whose fields follow on the next line, a date whose order
//! a later line may prove) its item comes later, in order.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::fmt;

use jiff::civil::DateTime;

use super::{
    Dialect, Entry, Kind,
    fields::{Found, Miss, Parsed, is_blank},
    form,
    lines::Lines,
    mlsx, mvs, noise, os400,
    time::Clock,
    unix, vms, wrapped,
};

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

    /// Takes the next bytes of the listing, split anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }

    /// Tells that the listing is complete: a last line without an end counts.
    pub fn finish(&mut self) {
        self.lines.finish();
    }

    /// Returns the next item, or `None` until there are more bytes. After [`finish`](Self::finish)
    /// `None` is the end.
    #[expect(clippy::should_implement_trait, reason = "more items may follow `None`")]
    pub fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.state.ready.pop_front() {
                return Some(item);
            }
            let Some(line) = self.lines.next() else { break };
            self.steps += 1;
            if let Some(item) = self.state.next_item(line) {
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

/// The dialects in the order in which a line is offered to them: those with clear marks first.
const ORDER: &[Dialect] = &[
    Dialect::Eplf,
    Dialect::Mlsx,
    Dialect::ClassicMac,
    Dialect::Unix,
    Dialect::NetWare,
    Dialect::ConnectEnterprise,
    Dialect::Dos,
    Dialect::Vms,
    Dialect::NumericUnix,
    Dialect::Os400,
    Dialect::Mvs,
    Dialect::MvsPds,
    Dialect::MvsJes,
    Dialect::HpNonStop,
    Dialect::Vm,
    Dialect::NortelWfFtp,
    Dialect::VxWorks,
    Dialect::Os9,
    Dialect::VShell,
    Dialect::Os2,
    Dialect::SuperTcp,
    Dialect::Dls,
];

#[derive(Debug)]
struct State {
    clock: Clock,
    fixed: Option<Dialect>,
    directory: Option<Vec<u8>>,
    caps: Caps,
    current: Option<Dialect>,
    /// The lines are those of a `STAT` reply.
    replied: bool,
    /// A line that may be a name whose fields follow on the next line.
    name: Option<Vec<u8>>,
    /// Why items are kept in `held`; it is empty otherwise.
    hold: Option<Hold>,
    held: VecDeque<Item>,
    ready: VecDeque<Item>,
}

/// Why items are held back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Hold {
    /// The one entry may be the listed directory itself, which cannot be looked into.
    Itself,
    /// Links of `MLSD` whose target may follow as an entry of its own.
    Links,
    /// Dates may be day or month or year first.
    Order,
}

impl State {
    fn new(options: Options) -> Self {
        Self {
            clock: Clock::new(options.now),
            fixed: options.fixed,
            directory: options.directory,
            caps: options.caps,
            current: options.fixed.or(options.hint),
            replied: false,
            name: None,
            hold: None,
            held: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes one line as [`take`](Self::take) does, fast where nothing waits and the line is like
    /// the one before.
    fn next_item(&mut self, line: Result<&[u8], Unread>) -> Option<Item> {
        if let (Ok(text), None, None, Some(current)) = (&line, &self.name, self.hold, self.current)
            && let Ok(mut found) = form::read(current, text, self.clock)
        {
            let entry = self.placed(text, &mut found);
            if self.must_wait(&entry).is_none() {
                return Some(told(entry));
            }
        }
        self.take(line)
    }

    /// Takes one line and returns its item, unless items must wait or were waiting.
    fn take(&mut self, line: Result<&[u8], Unread>) -> Option<Item> {
        let line = match line {
            Ok(line) => line,
            Err(unread) => {
                self.flush_name();
                return self.put(Item::Unread(unread));
            }
        };
        if self.name.is_some() {
            if let Some(item) = self.joined(line) {
                self.put_back(Item::Noise);
                return self.put(item);
            }
            self.flush_name();
        }
        let item = self.item(line)?;
        self.put(item)
    }

    /// Tells what a line is; `None` when it waits for the next.
    fn item(&mut self, line: &[u8]) -> Option<Item> {
        let reason = match self.entry(line) {
            Ok(found) => return Some(self.told(line, found)),
            Err(Miss::Broken(reason)) => reason,
            Err(Miss::Shape) => return self.unlike_an_entry(line),
        };
        Some(Item::Unread(Unread { line: line.into(), reason }))
    }

    /// Looks at a line that has the marks of no dialect.
    fn unlike_an_entry(&mut self, line: &[u8]) -> Option<Item> {
        if line.iter().all(|b| is_blank(*b)) {
            return Some(Item::Noise);
        }
        if let Some(item) = self.reply_line(line) {
            return Some(item);
        }
        if let Some(item) = noise::item(line) {
            self.current = self.fixed.or_else(|| noise::heads(line)).or(self.current);
            return Some(item);
        }
        if let Ok(found) = self.unmarked(line) {
            return Some(self.told(line, found));
        }
        if let Some((name, fields)) = wrapped::split(line)
            && let Some((dialect, found)) = wrapped::entry(name, fields, self.fixed, self.clock)
        {
            self.current = Some(dialect);
            return Some(self.told(line, found));
        }
        if wrapped::may_be_name(line) {
            self.name = Some(line.to_vec());
            return None;
        }
        Some(Item::Unread(Unread { line: line.into(), reason: Reason::Unknown }))
    }

    fn entry<'a>(&mut self, line: &'a [u8]) -> Parsed<'a> {
        if let Some(current) = self.current {
            match form::read(current, line, self.clock) {
                Err(Miss::Shape) if self.fixed.is_none() => {}
                done => return done,
            }
        }
        for dialect in ORDER.iter().filter(|d| Some(**d) != self.current) {
            match form::read(*dialect, line, self.clock) {
                Err(Miss::Shape) => {}
                Ok(found) => {
                    self.current = Some(*dialect);
                    return Ok(found);
                }
                broken => return broken,
            }
        }
        Err(Miss::Shape)
    }

    /// Reads a line without marks of its own where those around it allow it.
    fn unmarked<'a>(&self, line: &'a [u8]) -> Parsed<'a> {
        match self.current {
            None => unix::without_mode(line, self.clock).or_else(|_| mlsx::without_facts(line)),
            Some(Dialect::Mlsx) => mlsx::without_facts(line),
            Some(Dialect::MvsPds) => mvs::bare_member(line),
            Some(Dialect::Unix) => unix::without_mode(line, self.clock),
            Some(_) => Err(Miss::Shape),
        }
    }

    /// Reads the second line of an entry whose name stands on a line of its own.
    fn joined(&mut self, line: &[u8]) -> Option<Item> {
        let name = self.name.take_if(|name| wrapped::may_be_fields(name, line))?;
        let whole = [&name, &b"\n"[..], line].concat();
        if vms::is_refusal(line) {
            return Some(Item::Unread(Unread { line: whole.into(), reason: Reason::Refused }));
        }
        let Some((dialect, found)) = wrapped::entry(&name, line, self.fixed, self.clock) else {
            self.name = Some(name);
            return None;
        };
        self.current = self.fixed.or(Some(dialect));
        Some(self.told(&whole, found))
    }

    fn flush_name(&mut self) {
        if let Some(line) = self.name.take() {
            let unread = Unread { line: line.into(), reason: Reason::Unknown };
            self.put_back(Item::Unread(unread));
        }
    }

    /// Reads a line of a `STAT` reply: `211-Status of /:`, `200-drwx------ ..`, `213 End`.
    fn reply_line(&mut self, line: &[u8]) -> Option<Item> {
        let (separator, text) = noise::reply_text(line)?;
        if let Ok(found) = self.entry(text) {
            self.replied = true;
            return Some(self.told(line, found));
        }
        if separator == b' ' && !self.replied {
            return None;
        }
        self.replied = true;
        Some(Item::Noise)
    }

    fn told(&self, line: &[u8], mut found: Found<'_>) -> Item {
        told(self.placed(line, &mut found))
    }

    /// Puts an entry where it belongs: below the listed directory, or is that directory itself.
    fn placed(&self, line: &[u8], found: &mut Found<'_>) -> Entry {
        if let (Some(directory), [b'/', ..]) = (&self.directory, found.name) {
            let directory = directory.strip_suffix(b"/").unwrap_or(directory);
            let below = found.name.strip_prefix(directory).and_then(|n| n.strip_prefix(b"/"));
            if let Some(below) = below.filter(|n| !n.is_empty() && !n.contains(&b'/')) {
                found.name = below;
            } else if last(found.name) == last(directory) {
                found.kind = Kind::Current;
            }
        }
        Entry::read(line, found)
    }

    /// Returns the item unless something must come before it.
    fn put(&mut self, item: Item) -> Option<Item> {
        let item = match self.hold {
            None => item,
            Some(hold) => self.held_back(hold, item)?,
        };
        if let Some(hold) = self.item_must_wait(&item) {
            self.hold = Some(hold);
            self.held.push_back(item);
            return None;
        }
        if self.ready.is_empty() {
            return Some(item);
        }
        self.ready.push_back(item);
        None
    }

    fn put_back(&mut self, item: Item) {
        if let Some(item) = self.put(item) {
            self.ready.push_back(item);
        }
    }

    fn item_must_wait(&mut self, item: &Item) -> Option<Hold> {
        match item {
            Item::Entry(entry) => self.must_wait(entry),
            _ => None,
        }
    }

    /// Says whether this entry cannot be given out before more lines are known.
    fn must_wait(&mut self, entry: &Entry) -> Option<Hold> {
        match (entry.kind, self.current) {
            (Kind::Symlink, Some(Dialect::Mlsx))
                if entry.target().is_none() && entry.unique().is_some() =>
            {
                Some(Hold::Links)
            }
            (_, Some(Dialect::Os400)) if self.clock.order.is_none() && entry.modified.is_some() => {
                self.clock.order = os400::order(entry.line());
                self.clock.order.is_none().then_some(Hold::Order)
            }
            (Kind::Directory, _) if self.may_be_itself(entry) => Some(Hold::Itself),
            _ => None,
        }
    }

    /// A directory that nobody may read, listed by `STAT`, shows itself instead of what is in it.
    fn may_be_itself(&self, entry: &Entry) -> bool {
        let Some(directory) = self.directory.as_deref().filter(|_| self.replied) else {
            return false;
        };
        entry.mode.is_some_and(|mode| mode & 0o444 == 0) && entry.name() == last(directory)
    }

    /// Looks at an item that follows held ones, and returns it when they are held no longer.
    fn held_back(&mut self, hold: Hold, item: Item) -> Option<Item> {
        let mut item = match item {
            Item::Entry(entry) if hold == Hold::Links && self.give_target(&entry) => Item::Noise,
            item => item,
        };
        if let (Hold::Order, Item::Entry(entry)) = (hold, &item) {
            self.clock.order = os400::order(entry.line());
        }
        let waits = match hold {
            Hold::Itself => item == Item::Noise,
            Hold::Links => self.item_must_wait(&item) == Some(Hold::Links),
            Hold::Order => self.clock.order.is_none(),
        };
        if waits && self.held.len() < self.caps.held {
            self.held.push_back(item);
            return None;
        }
        if hold == Hold::Order {
            self.settle_order();
            if let Item::Entry(entry) = &mut item {
                self.reread(entry);
            }
        }
        self.release();
        Some(item)
    }

    /// Completes the held links of the same file, which was listed under its own path.
    fn give_target(&mut self, target: &Entry) -> bool {
        let mut given = false;
        if !target.name().starts_with(b"/") {
            return false;
        }
        for item in &mut self.held {
            let Item::Entry(link) = item else { continue };
            if link.unique() == target.unique() {
                link.set_target(target.name());
                given = true;
            }
        }
        given
    }

    /// Decides the order of dates that no line has proved.
    fn settle_order(&mut self) {
        let mut entries = self.held.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(entry),
            _ => None,
        });
        if self.clock.order.is_none() {
            self.clock.order = entries.find_map(|entry| os400::guess(entry.line()));
        }
    }

    fn reread(&self, entry: &mut Entry) {
        let again = os400::entry(entry.line(), self.clock).map(|again| again.modified);
        if let Ok(modified) = again {
            entry.modified = modified;
        }
    }

    fn release(&mut self) {
        let order = self.hold.take() == Some(Hold::Order);
        for mut item in core::mem::take(&mut self.held) {
            if let (true, Item::Entry(entry)) = (order, &mut item) {
                self.reread(entry);
            }
            self.ready.push_back(item);
        }
    }

    /// Settles what was held back for lines that do not come.
    fn end(&mut self) {
        self.flush_name();
        match self.hold {
            None => {}
            Some(Hold::Links) => self.release(),
            Some(Hold::Order) => {
                self.settle_order();
                self.release();
            }
            Some(Hold::Itself) => {
                if let Some(Item::Entry(entry)) = self.held.front_mut() {
                    let mut itself = core::mem::take(entry);
                    itself.kind = Kind::Current;
                    self.held[0] = Item::Own(itself);
                }
                self.release();
            }
        }
    }
}

fn told(entry: Entry) -> Item {
    match entry.kind {
        Kind::Current | Kind::Parent => Item::Own(entry),
        _ => Item::Entry(entry),
    }
}

fn last(path: &[u8]) -> &[u8] {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let slash = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    &path[slash..]
}
