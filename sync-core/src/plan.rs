//! Turns a [`Pair`] of listings into steps, each with its reason. Pure: no clock, no remote.

use crate::compare::{Rules, Verdict};
use crate::entry::{Entry, Kind};
use crate::error::{Error, ErrorKind};
use crate::partial::{Begun, Unfinished};
use crate::path::{Name, Path};
use crate::progress::{Cause, Reason};
use crate::walk::{Pair, Side, merge};

/// One step of a plan, on one path relative to the trees.
#[derive(Debug)]
pub struct Step {
    /// What it is about.
    pub path: Path,
    /// What to do.
    pub action: Action,
}

/// What a [`Step`] does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// Copy a file.
    Copy {
        /// The source's file.
        source: Entry,
        /// The destination's file that it replaces.
        replaces: Option<Entry>,
        /// Whether its directory is still to be made.
        in_new_directory: bool,
        /// What an earlier run has copied of it.
        begun: Option<Begun>,
        /// Why.
        reason: Reason,
    },
    /// Remove what is left of a copy that will not be continued.
    Discard {
        /// Its size.
        size: Option<u64>,
    },
    /// Report something not understood; what is elsewhere goes on as if nothing were.
    Doubt(Error),
    /// Leave a file as it is.
    Keep {
        /// The source's file.
        source: Entry,
        /// Whether the destination's file is the same, so that a move may remove the source's.
        same: bool,
    },
    /// Leave a file that only the destination has.
    Leave,
    /// Make a directory though it gets no file.
    MakeDirectory,
    /// Report a failure.
    Refuse(Error),
    /// Remove a file of the destination that the source has not.
    Remove {
        /// Its size.
        size: Option<u64>,
    },
    /// Remove a directory of the destination that the source has not; its content has gone before.
    RemoveDirectory,
    /// Find out by content whether two files of one size differ, and copy if so.
    Settle {
        /// The source's file.
        source: Entry,
        /// The destination's file.
        destination: Entry,
        /// What an earlier run has copied of it.
        begun: Option<Begun>,
        /// Why they may differ.
        reason: Reason,
    },
    /// Tell the user something.
    Tell(String),
}

impl Action {
    /// Has a copy go on where an earlier run has left it.
    pub(crate) fn continuing(mut self, find: impl FnOnce() -> Option<Begun>) -> Self {
        if let Self::Copy { begun, .. } | Self::Settle { begun, .. } = &mut self {
            *begun = find();
        }
        self
    }
}

/// What is done besides copying.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// Remove what only the destination has.
    pub remove_extras: bool,
    /// Tell of what only the destination has and keeps.
    pub tell_extras: bool,
    /// Make directories that get no file.
    pub empty_directories: bool,
    /// A file that exists is never replaced.
    pub immutable: bool,
}

/// Returns the steps for one directory, in byte order of the names; removals come without regard to
/// the order in which they must happen.
pub fn plan(pair: Pair, rules: &Rules, extent: Extent) -> Vec<Step> {
    let Pair { directory, unfinished, .. } = pair;
    let mut planner = Planner { rules, extent, directory, unfinished, steps: Vec::new() };
    planner.doubts(&pair.source, &pair.destination);
    match (pair.source, pair.destination) {
        (Side::Failed(error), _) | (_, Side::Failed(error)) => planner.here(Action::Refuse(error)),
        (source, destination) => planner.both(&source, &destination, pair.in_doubt),
    }
    planner.steps
}

struct Planner<'a> {
    rules: &'a Rules,
    extent: Extent,
    directory: Path,
    unfinished: Unfinished,
    steps: Vec<Step>,
}

impl Planner<'_> {
    fn here(&mut self, action: Action) {
        self.steps.push(Step { path: self.directory.clone(), action });
    }

    fn step(&mut self, entry: &Entry, action: Action) {
        self.steps.push(Step { path: self.directory.child(&entry.name), action });
    }

    /// What was not understood on the source is not copied, which is a failure; on the destination
    /// it is worth a word.
    fn doubts(&mut self, source: &Side, destination: &Side) {
        for doubt in source.doubts() {
            let error = Error::new(ErrorKind::Protocol, doubt.to_string()).on(&self.directory);
            self.here(Action::Doubt(error));
        }
        for doubt in destination.doubts() {
            self.here(Action::Tell(format!("destination: {doubt}")));
        }
    }

    fn both(&mut self, source: &Side, destination: &Side, in_doubt: bool) {
        let new = matches!(destination, Side::Absent);
        if new && self.extent.empty_directories {
            self.here(Action::MakeDirectory);
        }
        let mut extras = Vec::new();
        for (here, there) in merge(source.entries(), destination.entries()) {
            match (here, there) {
                (Some(here), there) => self.one(here, there, new),
                (None, Some(there)) if self.extent.remove_extras => extras.push(there),
                (None, Some(there)) if self.extent.tell_extras && there.is_file() => {
                    self.step(there, Action::Leave);
                }
                (None, _) => {}
            }
        }
        let gone = matches!(source, Side::Absent) && self.extent.remove_extras;
        self.unfinished(in_doubt);
        if in_doubt && (gone || extras.iter().any(|extra| extra.is_file())) {
            self.here(Action::Doubt(withheld().on(&self.directory)));
            return;
        }
        for extra in extras {
            match not_followed(&extra.kind) {
                Some(message) => self.step(extra, Action::Tell(message.into())),
                None if extra.is_file() => self.step(extra, Action::Remove { size: extra.size }),
                None => {}
            }
        }
        if gone {
            self.here(Action::RemoveDirectory);
        }
    }

    /// Tells of files on their way that are not ours, and discards those of ours that nobody needs.
    fn unfinished(&mut self, in_doubt: bool) {
        let Unfinished { begun, stale, foreign } = std::mem::take(&mut self.unfinished);
        for name in foreign {
            let message = "left alone: it may be a file that somebody is transferring";
            let path = self.directory.child(&name);
            self.steps.push(Step { path, action: Action::Tell(message.into()) });
        }
        if in_doubt {
            return;
        }
        let done = begun.into_values().map(|begun| (begun.name, Some(begun.length)));
        for (name, size) in stale.into_iter().map(|entry| (entry.name, entry.size)).chain(done) {
            let path = self.directory.child(&name);
            self.steps.push(Step { path, action: Action::Discard { size } });
        }
    }

    fn begun(&mut self, name: &Name) -> Option<Begun> {
        self.unfinished.begun.remove(name)
    }

    fn one(&mut self, here: &Entry, there: Option<&Entry>, in_new_directory: bool) {
        if let Some(message) = not_followed(&here.kind) {
            return self.step(here, Action::Tell(message.into()));
        }
        let clash = there.filter(|there| there.kind != here.kind);
        if let Some(there) = clash {
            let error = clash_of(here, there).on(self.directory.child(&here.name));
            return self.step(here, Action::Refuse(error));
        }
        if here.is_directory() {
            return;
        }
        let action = match there {
            Some(there) => {
                existing(here, there, self.rules, self.extent).continuing(|| self.begun(&here.name))
            }
            None => new(here, in_new_directory).continuing(|| self.begun(&here.name)),
        };
        self.step(here, action);
    }
}

/// Returns the copy of a file that only the source has.
pub(crate) fn new(here: &Entry, in_new_directory: bool) -> Action {
    let (source, reason) = (here.clone(), Reason::new(Cause::New, "new"));
    Action::Copy { source, replaces: None, in_new_directory, begun: None, reason }
}

/// Returns what to do about a file that stands on both sides.
pub(crate) fn existing(here: &Entry, there: &Entry, rules: &Rules, extent: Extent) -> Action {
    let source = here.clone();
    match rules.compare(here, there) {
        Verdict::Same => Action::Keep { source, same: true },
        Verdict::Left(_) => Action::Keep { source, same: false },
        Verdict::Differs(reason) | Verdict::Unsettled(reason) if extent.immutable => {
            let message = format!("source and destination exist but do not match: {reason}");
            Action::Refuse(Error::new(ErrorKind::AlreadyExists, message))
        }
        Verdict::Differs(reason) => {
            let replaces = Some(there.clone());
            Action::Copy { source, replaces, in_new_directory: false, begun: None, reason }
        }
        Verdict::Unsettled(reason) => {
            let destination = there.clone();
            Action::Settle { source, destination, begun: None, reason }
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
mod tests {
    use super::*;
    use crate::context::Options;
    use crate::entry::Doubt;
    use crate::remote::{Remote as _, memory::Memory};

    fn side(entries: &[&str]) -> Side {
        let mut entries: Vec<Entry> = entries.iter().map(|text| entry(text)).collect();
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Side::Listed { entries, doubts: Vec::new(), partials: Vec::new() }
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
        Side::Listed { entries, doubts, partials: Vec::new() }
    }

    fn describe(step: &Step) -> String {
        let path = &step.path;
        match &step.action {
            Action::Copy { begun: Some(begun), .. } => format!("go on {path}: {}", begun.length),
            Action::Copy { reason, in_new_directory: false, .. } => {
                format!("copy {path}: {reason}")
            }
            Action::Discard { .. } => format!("discard {path}"),
            Action::Copy { reason, .. } => format!("copy into new {path}: {reason}"),
            Action::Doubt(error) => format!("doubt {path}: {error}"),
            Action::Keep { same: true, .. } => format!("keep {path}"),
            Action::Keep { .. } => format!("leave {path}"),
            Action::Leave => format!("extra {path}"),
            Action::MakeDirectory => format!("mkdir {path}"),
            Action::Refuse(error) => format!("refuse {path}: {:?}", error.kind()),
            Action::Remove { .. } => format!("remove {path}"),
            Action::RemoveDirectory => format!("rmdir {path}"),
            Action::Settle { reason, .. } => format!("settle {path}: {reason}"),
            Action::Tell(message) => format!("tell {path}: {message}"),
        }
    }

    const SYNC: Extent = Extent {
        remove_extras: true,
        tell_extras: false,
        empty_directories: false,
        immutable: false,
    };

    #[track_caller]
    fn check_in(extent: Extent, source: Side, destination: Side, expected: &[&str]) {
        check_with(extent, source, destination, Unfinished::default(), expected);
    }

    #[track_caller]
    fn check_with(
        extent: Extent,
        source: Side,
        destination: Side,
        unfinished: Unfinished,
        expected: &[&str],
    ) {
        let in_doubt = !source.doubts().is_empty() || !destination.doubts().is_empty();
        let directory = "d".parse().unwrap();
        let pair = Pair { directory, source, destination, unfinished, in_doubt };
        let capability = Memory::server().capability();
        let rules = Rules::new(&Options::default(), &capability, &capability);
        let steps: Vec<String> = plan(pair, &rules, extent).iter().map(describe).collect();
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

    fn unfinished() -> Unfinished {
        let begun = Begun { name: "a.p".parse().unwrap(), length: 7 };
        Unfinished {
            begun: [("a".parse().unwrap(), begun)].into(),
            stale: vec![entry("gone.p=3")],
            foreign: vec!["b.p".parse().unwrap()],
        }
    }

    #[test]
    fn what_was_begun_goes_on_and_what_is_of_no_use_goes() {
        let told = "tell d/b.p: left alone: it may be a file that somebody is transferring";
        let steps = ["go on d/a: 7", told, "discard d/gone.p"];
        check_with(SYNC, side(&["a=9"]), side(&[]), unfinished(), &steps);
        let steps = ["keep d/a", told, "discard d/gone.p", "discard d/a.p"];
        check_with(SYNC, side(&["a=9"]), side(&["a=9"]), unfinished(), &steps);
    }

    #[test]
    fn nothing_begun_is_discarded_in_doubt() {
        let failed = Side::Failed(Error::new(ErrorKind::Timeout, "slow"));
        check_with(SYNC, failed, side(&[]), unfinished(), &["refuse d: Timeout"]);
        let told = "tell d/b.p: left alone: it may be a file that somebody is transferring";
        let unread = "tell d: destination: cannot read the listing line `?`: odd";
        check_with(SYNC, side(&[]), doubtful(side(&[])), unfinished(), &[unread, told]);
    }

    #[test]
    fn immutable_files_are_never_replaced() {
        let extent = Extent { immutable: true, ..SYNC };
        let steps = ["copy d/a: new", "refuse d/b: AlreadyExists"];
        check_in(extent, side(&["a=1", "b=1"]), side(&["b=2"]), &steps);
    }
}
