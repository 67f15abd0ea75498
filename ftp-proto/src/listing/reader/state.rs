//! What a line turns out to be: the dialect it is in, an entry, noise, or neither.
//!
//! A line is offered to the dialect of the one before, then to all, those with clear marks first;
//! what has no marks is read only where the lines around it allow it.

use alloc::{collections::VecDeque, vec::Vec};

use super::{
    super::{
        Dialect, Kind,
        fields::{Found, Miss, Parsed, is_blank},
        form, mlsx, mvs, noise,
        time::Clock,
        unix, vms, wrapped,
    },
    Caps, Item, Options, Reason, Unread,
    held::Hold,
};

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
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) fixed: Option<Dialect>,
    pub(super) directory: Option<Vec<u8>>,
    pub(super) caps: Caps,
    pub(super) current: Option<Dialect>,
    /// The lines are those of a `STAT` reply.
    pub(super) replied: bool,
    /// A line that may be a name whose fields follow on the next line.
    pub(super) name: Option<Vec<u8>>,
    /// Why items are kept in `held`; it is empty otherwise.
    pub(super) hold: Option<Hold>,
    pub(super) held: VecDeque<Item>,
    pub(super) ready: VecDeque<Item>,
}

impl State {
    pub(super) fn new(options: Options) -> Self {
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

    /// Reads a line that is like the one before, where nothing waits and the entry need not: nearly
    /// all lines are. Says whether it did; [`take`](Self::take) takes the others, and those of the
    /// directory itself.
    #[inline]
    pub(super) fn usual<'a>(&self, line: &'a [u8], found: &mut Found<'a>) -> bool {
        let (None, None, Some(current)) = (&self.name, self.hold, self.current) else {
            return false;
        };
        if form::fill(current, line, self.clock, found).is_err() {
            return false;
        }
        self.place(found);
        !self.may_wait(found) && !matches!(found.kind, Kind::Current | Kind::Parent)
    }

    /// Takes one line and returns its item, unless items must wait or were waiting.
    #[inline(never)]
    pub(super) fn take(&mut self, line: Result<&[u8], Unread>) -> Option<Item> {
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
            Ok(mut found) => return Some(self.told(line, &mut found)),
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
        if let Ok(found) = &mut self.unmarked(line) {
            // Of those without marks only `ls -l` has dates.
            let dated = found.modified.map(|_| Dialect::Unix);
            self.current = self.fixed.or(dated).or(self.current);
            return Some(self.told(line, found));
        }
        if let Some((name, fields)) = wrapped::split(line)
            && let Some((dialect, found)) =
                &mut wrapped::entry(name, fields, self.fixed, self.clock)
        {
            self.current = Some(*dialect);
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
            None => unix::without_mode(line, self.clock).or_else(|miss| match line {
                // A name alone has no columns.
                _ if memchr::memmem::find(line.trim_ascii_end(), b"  ").is_some() => Err(miss),
                _ => mlsx::without_facts(line),
            }),
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
        let read = &mut wrapped::entry(&name, line, self.fixed, self.clock);
        let Some((dialect, found)) = read else {
            self.name = Some(name);
            return None;
        };
        self.current = self.fixed.or(Some(*dialect));
        Some(self.told(&whole, found))
    }

    pub(super) fn flush_name(&mut self) {
        if let Some(line) = self.name.take() {
            let unread = Unread { line: line.into(), reason: Reason::Unknown };
            self.put_back(Item::Unread(unread));
        }
    }

    /// Reads a line of a `STAT` reply: `211-Status of /:`, `200-drwx------ ..`, `213 End`.
    fn reply_line(&mut self, line: &[u8]) -> Option<Item> {
        let (separator, text) = noise::reply_text(line)?;
        if let Ok(found) = &mut self.entry(text) {
            self.replied = true;
            return Some(self.told(line, found));
        }
        if separator == b' ' && !self.replied {
            return None;
        }
        self.replied = true;
        Some(Item::Noise)
    }

    /// Makes an item of what was found in a line.
    fn told(&self, line: &[u8], found: &mut Found<'_>) -> Item {
        self.place(found);
        Item::of(line, found)
    }

    /// Puts an entry where it belongs: below the listed directory, or is that directory itself.
    #[inline]
    fn place(&self, found: &mut Found<'_>) {
        if let Some(directory) = &self.directory {
            place_below(directory, found);
        }
    }
}

fn place_below(directory: &[u8], found: &mut Found<'_>) {
    if !found.name.starts_with(b"/") {
        return;
    }
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    let below = found.name.strip_prefix(directory).and_then(|name| name.strip_prefix(b"/"));
    if let Some(below) = below.filter(|name| !name.is_empty() && !name.contains(&b'/')) {
        found.name = below;
    } else if last(found.name) == last(directory) {
        found.kind = Kind::Current;
    }
}

pub(super) fn last(path: &[u8]) -> &[u8] {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let slash = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    &path[slash..]
}
