//! Turns a [`Pair`] of listings into steps, each with its reason. Pure: no clock, no remote.

mod dates;
mod step;

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::iter::Peekable;
use std::vec::IntoIter;

use crate::compare::{Rules, Verdict};
use crate::entry::{Entry, Kind};
use crate::error::{Error, ErrorKind};
use crate::partial::Unfinished;
use crate::path::{Name, Path};
use crate::progress::{Cause, Reason};
use crate::walk::names::alias;
use crate::walk::{Pair, Side};

pub use dates::{Dates, Dating};
pub use step::{Action, Learnt, Step};

/// What is done besides copying.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// Remove what only the destination has.
    pub remove_extras: bool,
    /// Tell of what only the destination has and keeps.
    pub tell_extras: bool,
    /// Make directories that get no file.
    pub empty_directories: bool,
    /// Give directories the times they have on the source.
    pub directory_times: bool,
    /// A file that exists is never replaced.
    pub immutable: bool,
    /// Move directories whole that the destination has not.
    pub move_directories: bool,
    /// What is found out of files that stay is remembered.
    pub remembers: bool,
}

/// Returns the steps for one directory, in byte order of the names; removals come without regard to
/// the order in which they must happen.
pub fn plan(pair: Pair, rules: &Rules, extent: Extent) -> Plan<'_> {
    let Pair { directory, there, aliases, source, destination, unfinished, in_doubt, dates } = pair;
    let mut plan = Plan {
        rules,
        extent,
        alias: (there != directory).then_some(there),
        directory,
        aliases,
        unfinished,
        dates,
        about: VecDeque::new(),
        here: Vec::new().into_iter().peekable(),
        there: Vec::new().into_iter().peekable(),
        in_doubt,
        in_new_directory: destination.may_be_absent(),
        gone: matches!(source, Side::Absent) && extent.remove_extras,
        stays: destination.hides_something(),
        withheld: false,
        changes: false,
        ended: false,
    };
    plan.open(source, destination);
    plan
}

/// The steps for one directory as they come. Entries go as they are planned, so that a directory of
/// a million files costs no second list.
#[derive(Debug)]
pub struct Plan<'a> {
    rules: &'a Rules,
    extent: Extent,
    directory: Path,
    /// The directory on the destination, if its name differs.
    alias: Option<Path>,
    aliases: Vec<(Name, Name)>,
    unfinished: Unfinished,
    dates: Dates,
    /// What is to be said of the directory itself, and of what nobody needs in it.
    about: VecDeque<Step>,
    here: Peekable<IntoIter<Entry>>,
    there: Peekable<IntoIter<Entry>>,
    in_doubt: bool,
    in_new_directory: bool,
    /// Whether the source has no such directory and the destination's is to go.
    gone: bool,
    /// Whether it is known to hold something that stays.
    stays: bool,
    /// Whether something was kept only because a listing was in doubt.
    withheld: bool,
    /// Whether a step was planned that may change what the directory holds.
    changes: bool,
    ended: bool,
}

impl Iterator for Plan<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if let Some(step) = self.about.pop_front() {
            return Some(step);
        }
        while let Some((here, there)) = self.join() {
            let name = match (&here, &there) {
                (Some(entry), _) | (None, Some(entry)) => entry.name.clone(),
                (None, None) => continue,
            };
            let action = match (here, there) {
                (Some(here), there) => self.one(here, there),
                (None, there) => there.and_then(|there| self.extra(&there)),
            };
            if let Some(action) = action {
                self.changes |= action.changes();
                return Some(self.step(&name, action));
            }
        }
        if !std::mem::replace(&mut self.ended, true) {
            self.last();
        }
        self.about.pop_front()
    }
}

impl Plan<'_> {
    /// What was not understood on the source is not copied, which is a failure; on the destination
    /// it is worth a word.
    fn open(&mut self, source: Side, destination: Side) {
        for doubt in source.doubts() {
            let error = doubt.error(&self.directory);
            self.say_on(doubt.path(&self.directory), Action::Doubt(error));
        }
        for doubt in destination.doubts() {
            let path = doubt.path(&self.directory);
            self.say_on(path, Action::Tell(format!("destination: {doubt}")));
        }
        let asked = matches!(destination, Side::Asked(_)) && !self.directory.is_root();
        let new = matches!(destination, Side::Absent) || asked && destination.may_be_absent();
        match (source, destination) {
            (Side::Failed(error), _) | (_, Side::Failed(error)) => {
                self.ended = true;
                self.say(Action::Refuse(error));
            }
            (source, destination) => {
                if new && self.extent.empty_directories {
                    self.changes = true;
                    self.say(Action::MakeDirectory);
                }
                self.here = source.into_entries().into_iter().peekable();
                self.there = destination.into_entries().into_iter().peekable();
            }
        }
    }

    fn say(&mut self, action: Action) {
        self.say_on(self.directory.clone(), action);
    }

    fn say_on(&mut self, path: Path, action: Action) {
        let alias = self.alias.clone().filter(|_| path == self.directory);
        self.about.push_back(Step { path, alias, action });
    }

    fn step(&self, name: &Name, action: Action) -> Step {
        let other = alias(&self.aliases, name);
        let alias = match (&self.alias, other) {
            (None, None) => None,
            (alias, other) => {
                Some(alias.as_ref().unwrap_or(&self.directory).child(other.unwrap_or(name)))
            }
        };
        Step { path: self.directory.child(name), alias, action }
    }

    /// Takes the next entry of either side, or both where they bear one name.
    fn join(&mut self) -> Option<(Option<Entry>, Option<Entry>)> {
        let order = match (self.here.peek(), self.there.peek()) {
            (Some(here), Some(there)) => here.name.cmp(&there.name),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let here = if order.is_le() { self.here.next() } else { None };
        let there = if order.is_ge() { self.there.next() } else { None };
        Some((here, there))
    }

    fn one(&mut self, here: Entry, there: Option<Entry>) -> Option<Action> {
        if let Some(message) = not_followed(&here.kind) {
            return Some(Action::Tell(message.into()));
        }
        if let Some(there) = there.as_ref().filter(|there| there.kind != here.kind) {
            let error = clash_of(&here, there).on(self.directory.child(&here.name));
            return Some(Action::Refuse(error));
        }
        match there {
            None if here.is_directory() => {
                self.changes = true;
                self.extent.move_directories.then_some(Action::MoveDirectory)
            }
            Some(_) if here.is_directory() => None,
            there => {
                let name = here.name.clone();
                let action = match there {
                    Some(there) => existing(here, there, self.rules, self.extent),
                    None => new(here, self.in_new_directory),
                };
                Some(action.continuing(|| self.unfinished.begun.remove(&name)))
            }
        }
    }

    /// Returns what to do with an entry that only the destination has.
    fn extra(&mut self, there: &Entry) -> Option<Action> {
        if !self.extent.remove_extras {
            return (self.extent.tell_extras && there.is_file()).then_some(Action::Leave);
        }
        if self.in_doubt {
            self.withheld |= there.is_file();
            return None;
        }
        self.changes |= there.is_directory();
        match not_followed(&there.kind) {
            Some(message) => {
                self.stays = true;
                Some(Action::Tell(message.into()))
            }
            None if there.is_file() => {
                let copied = there.copied.clone().filter(|fact| fact.holds_for(there));
                Some(Action::Remove { size: there.size, modified: there.modified, copied })
            }
            None => None,
        }
    }

    fn last(&mut self) {
        self.unneeded();
        if self.in_doubt && (self.gone || self.withheld) {
            self.say(Action::Doubt(withheld().on(&self.directory)));
        } else if self.gone {
            let stays = self.stays;
            self.say(if stays { Action::LeaveDirectory } else { Action::RemoveDirectory });
        }
        self.date();
    }

    /// Tells of files on their way that are not ours, and discards those of ours that nobody needs.
    fn unneeded(&mut self) {
        let Unfinished { begun, stale, foreign } = std::mem::take(&mut self.unfinished);
        self.stays |= !foreign.is_empty();
        for name in foreign {
            let message = "left alone: it may be a file that somebody is transferring";
            self.about.push_back(self.step(&name, Action::Tell(message.into())));
        }
        if self.in_doubt {
            return;
        }
        let done = begun.into_values().map(|begun| (begun.name, Some(begun.length)));
        for (name, size) in stale.into_iter().map(|entry| (entry.name, entry.size)).chain(done) {
            self.changes = true;
            self.about.push_back(self.step(&name, Action::Discard { size }));
        }
    }
}

/// Returns the copy of a file that only the source has.
pub(crate) fn new(source: Entry, in_new_directory: bool) -> Action {
    Action::Copy {
        source,
        replaces: None,
        begun: None,
        in_new_directory,
        reason: Reason::new(Cause::New, "new"),
    }
}

/// Returns what to do about a file that stands on both sides.
pub(crate) fn existing(source: Entry, there: Entry, rules: &Rules, extent: Extent) -> Action {
    match rules.compare(&source, &there) {
        Verdict::Same => {
            let learnt = extent.remembers.then(|| Learnt::from(&source, &there)).flatten();
            Action::Keep { source, same: true, learnt }
        }
        Verdict::Left(_) => Action::Keep { source, same: false, learnt: None },
        Verdict::Differs(reason) | Verdict::Unsettled(reason) if extent.immutable => {
            let message = format!("source and destination exist but do not match: {reason}");
            Action::Refuse(Error::new(ErrorKind::AlreadyExists, message))
        }
        Verdict::Differs(reason) => {
            let replaces = Some(there);
            Action::Copy { source, replaces, in_new_directory: false, begun: None, reason }
        }
        Verdict::Unsettled(reason) => {
            Action::Settle { source, destination: there, begun: None, reason }
        }
    }
}

/// Returns what to tell of an entry that takes no part: neither file nor directory.
pub(crate) fn not_followed(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Directory | Kind::File => None,
        Kind::Symlink { .. } => Some("Can't follow symlink without -L/--copy-links"),
        Kind::Other => Some("Can't transfer non file/directory"),
    }
}

fn clash_of(here: &Entry, there: &Entry) -> Error {
    let (kind, message) = match (&here.kind, &there.kind) {
        (Kind::File, Kind::Directory) => {
            (ErrorKind::IsADirectory, "can't overwrite directory with file")
        }
        (Kind::Directory, Kind::File) => {
            (ErrorKind::NotADirectory, "can't overwrite file with directory")
        }
        (_, Kind::Symlink { .. }) => {
            (ErrorKind::AlreadyExists, "a symbolic link stands there on the destination")
        }
        _ => (ErrorKind::AlreadyExists, "a special file stands there on the destination"),
    };
    Error::new(kind, message).hint("remove or rename one of them")
}

fn withheld() -> Error {
    let message = "nothing is deleted here because a listing was not fully understood";
    Error::new(ErrorKind::Protocol, message)
}

#[cfg(test)]
pub(in crate::plan) mod tests {
    use super::*;
    use crate::context::Options;
    use crate::entry::Doubt;
    use crate::partial::Begun;
    use crate::remote::{Remote as _, memory::Memory};

    pub(in crate::plan) fn side(entries: &[&str]) -> Side {
        let mut entries: Vec<Entry> = entries.iter().map(|text| entry(text)).collect();
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Side::Listed { entries, doubts: Vec::new(), partials: Vec::new(), hides: false }
    }

    /// `name=size` is a file, `name/` a directory, `name@` a link.
    fn entry(text: &str) -> Entry {
        let name = text.trim_end_matches(['/', '@']);
        let (name, size) = name.split_once('=').unwrap_or((name, ""));
        let kind = match text.chars().last() {
            Some('/') => Kind::Directory,
            Some('@') => Kind::Symlink { target: None },
            _ => Kind::File,
        };
        Entry { kind, size: size.parse().ok(), ..Entry::directory(name.parse().unwrap()) }
    }

    fn doubtful(side: Side) -> Side {
        let Side::Listed { entries, .. } = side else { return side };
        let doubts = vec![Doubt::UnreadLine { line: (*b"?").into(), reason: "odd".into() }];
        Side::Listed { entries, doubts, partials: Vec::new(), hides: false }
    }

    pub(in crate::plan) fn describe(step: &Step) -> String {
        let path = step.target();
        match &step.action {
            Action::Copy { begun: Some(begun), .. } => format!("go on {path}: {}", begun.length),
            Action::Copy { reason, in_new_directory: false, .. } => {
                format!("copy {path}: {reason}")
            }
            Action::DateDirectory(dating) => {
                let why = match dating {
                    Dating { is_new: true, .. } => "new",
                    Dating { differs: true, .. } => "differs",
                    Dating { .. } => "if changed",
                };
                format!("date {path}: {why}")
            }
            Action::Discard { .. } => format!("discard {path}"),
            Action::Copy { reason, .. } => format!("copy into new {path}: {reason}"),
            Action::Doubt(error) => format!("doubt {path}: {error}"),
            Action::Keep { same: true, .. } => format!("keep {path}"),
            Action::Keep { .. } => format!("leave {path}"),
            Action::Leave => format!("extra {path}"),
            Action::LeaveDirectory => format!("leave {path}/"),
            Action::MakeDirectory => format!("mkdir {path}"),
            Action::MoveDirectory => format!("move {path}"),
            Action::Refuse(error) => format!("refuse {path}: {:?}", error.kind()),
            Action::Remove { .. } => format!("remove {path}"),
            Action::Rename { from, .. } => format!("rename {from} {path}"),
            Action::RemoveDirectory => format!("rmdir {path}"),
            Action::Settle { reason, .. } => format!("settle {path}: {reason}"),
            Action::Tell(message) => format!("tell {path}: {message}"),
        }
    }

    pub(in crate::plan) const SYNC: Extent = Extent {
        remembers: false,
        remove_extras: true,
        tell_extras: false,
        empty_directories: false,
        directory_times: false,
        immutable: false,
        move_directories: false,
    };

    pub(in crate::plan) fn pair(source: Side, destination: Side) -> Pair {
        let in_doubt = !source.doubts().is_empty() || !destination.doubts().is_empty();
        Pair {
            directory: "d".parse().unwrap(),
            there: "d".parse().unwrap(),
            aliases: Vec::new(),
            source,
            destination,
            unfinished: Unfinished::default(),
            in_doubt,
            dates: Dates::default(),
        }
    }

    #[track_caller]
    fn check_in(extent: Extent, source: Side, destination: Side, expected: &[&str]) {
        check_pair(extent, pair(source, destination), expected);
    }

    #[track_caller]
    fn check_pair(extent: Extent, pair: Pair, expected: &[&str]) {
        let capability = Memory::server().capability();
        let rules = Rules::new(&Options::default(), &capability, &capability);
        let steps: Vec<String> = plan(pair, &rules, extent).map(|step| describe(&step)).collect();
        assert_eq!(steps, expected);
    }

    #[track_caller]
    fn check(source: Side, destination: Side, expected: &[&str]) {
        check_in(SYNC, source, destination, expected);
    }

    #[test]
    fn both_sides_are_joined_by_name() {
        let steps = ["copy d/a: new", "keep d/b", "copy d/c: size differs 2 → 1", "remove d/z"];
        check(side(&["a=1", "b=1", "c=1", "s/"]), side(&["b=1", "c=2", "s/", "z=1"]), &steps);
    }

    #[test]
    fn other_names_on_the_destination_are_used_there() {
        let names = |a: &str, b: &str| (a.parse().unwrap(), b.parse().unwrap());
        let same = || pair(side(&["a=1", "b=2", "c=3"]), side(&["a=2", "b=2"]));
        let aliases = vec![names("a", "A")];
        let steps = ["copy d/A: size differs 2 → 1", "keep d/b", "copy d/c: new"];
        check_pair(SYNC, Pair { aliases: aliases.clone(), ..same() }, &steps);
        let there = "D".parse().unwrap();
        let steps = ["copy D/A: size differs 2 → 1", "keep D/b", "copy D/c: new"];
        check_pair(SYNC, Pair { aliases, there, ..same() }, &steps);
    }

    #[test]
    fn directories_move_whole_where_that_is_wanted() {
        let extent = Extent { move_directories: true, ..Extent::default() };
        check_in(extent, side(&["d/", "e/"]), side(&["e/"]), &["move d/d"]);
    }

    #[test]
    fn where_only_some_were_asked_for_the_directory_may_be_missing() {
        let asked = |entries: &[&str]| Side::Asked(side(entries).into_entries());
        check(side(&["a=1"]), asked(&["s/"]), &["copy into new d/a: new"]);
        check(side(&["a=1"]), asked(&["z=1"]), &["copy d/a: new", "remove d/z"]);
    }

    #[test]
    fn a_missing_destination_gets_everything() {
        check(side(&["a=1", "s/"]), Side::Absent, &["copy into new d/a: new"]);
        let extent = Extent { empty_directories: true, ..SYNC };
        check_in(extent, side(&[]), Side::Absent, &["mkdir d"]);
    }

    #[test]
    fn a_directory_only_there_is_emptied_and_removed() {
        check(Side::Absent, side(&["a=1", "s/"]), &["remove d/a", "rmdir d"]);
        check_in(Extent::default(), Side::Absent, side(&["a=1"]), &[]);
    }

    #[test]
    fn extras_are_told_where_that_is_asked_for() {
        let extent = Extent { tell_extras: true, ..Extent::default() };
        check_in(extent, side(&["a=1"]), side(&["a=1", "s/", "z=1"]), &["keep d/a", "extra d/z"]);
        check_in(extent, Side::Absent, side(&["z=1"]), &["extra d/z"]);
    }

    #[test]
    fn a_failed_listing_deletes_nothing() {
        let gone = || Side::Failed(Error::new(ErrorKind::DirectoryNotFound, "gone"));
        check(gone(), side(&["a=1"]), &["refuse d: DirectoryNotFound"]);
        check(side(&["a=1"]), gone(), &["refuse d: DirectoryNotFound"]);
    }

    #[test]
    fn a_doubtful_listing_deletes_nothing() {
        let withheld = format!("doubt d: d: {}", withheld());
        let unread = "cannot read the listing line `?`: odd";
        let source = [format!("doubt d: d: {unread}"), "copy d/a: new".into(), withheld.clone()];
        let source: Vec<&str> = source.iter().map(String::as_str).collect();
        check(doubtful(side(&["a=1"])), side(&["z=1"]), &source);
        let told = format!("tell d: destination: {unread}");
        check(side(&["z=1"]), doubtful(side(&["z=1"])), &[&told, "keep d/z"]);
        check(side(&[]), doubtful(side(&["z=1"])), &[&told, &withheld]);
        check(Side::Absent, doubtful(side(&[])), &[&told, &withheld]);
    }

    #[test]
    fn clashes_are_refused() {
        check(side(&["a=1"]), side(&["a/"]), &["refuse d/a: IsADirectory"]);
        check(side(&["a/"]), side(&["a=1"]), &["refuse d/a: NotADirectory"]);
        check(side(&["a=1"]), side(&["a@"]), &["refuse d/a: AlreadyExists"]);
    }

    #[test]
    fn links_are_neither_copied_nor_deleted() {
        let told = "tell d/a: Can't follow symlink without -L/--copy-links";
        check(side(&["a@"]), side(&["a=1"]), &[told]);
        check(side(&[]), side(&["a@"]), &[told]);
    }

    #[track_caller]
    fn check_with(source: Side, destination: Side, expected: &[&str]) {
        let begun = Begun { name: "a.p".parse().unwrap(), length: 7 };
        let unfinished = Unfinished {
            begun: [("a".parse().unwrap(), begun)].into(),
            stale: vec![entry("gone.p=3")],
            foreign: vec!["b.p".parse().unwrap()],
        };
        check_pair(SYNC, Pair { unfinished, ..pair(source, destination) }, expected);
    }

    #[test]
    fn what_was_begun_goes_on_and_what_is_of_no_use_goes() {
        let told = "tell d/b.p: left alone: it may be a file that somebody is transferring";
        let steps = ["go on d/a: 7", told, "discard d/gone.p"];
        check_with(side(&["a=9"]), side(&[]), &steps);
        let steps = ["keep d/a", told, "discard d/gone.p", "discard d/a.p"];
        check_with(side(&["a=9"]), side(&["a=9"]), &steps);
    }

    #[test]
    fn nothing_begun_is_discarded_in_doubt() {
        let failed = Side::Failed(Error::new(ErrorKind::Timeout, "slow"));
        check_with(failed, side(&[]), &["refuse d: Timeout"]);
        let told = "tell d/b.p: left alone: it may be a file that somebody is transferring";
        let unread = "tell d: destination: cannot read the listing line `?`: odd";
        check_with(side(&[]), doubtful(side(&[])), &[unread, told]);
    }

    #[test]
    fn immutable_files_are_never_replaced() {
        let extent = Extent { immutable: true, ..SYNC };
        let steps = ["copy d/a: new", "refuse d/b: AlreadyExists"];
        check_in(extent, side(&["a=1", "b=1"]), side(&["b=2"]), &steps);
    }
}
