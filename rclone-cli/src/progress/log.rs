//! Events as lines of rclone's log, with the reason for each action below it.

use sync_core::progress::Deed;
use sync_core::{Event, Path};

use crate::logging::Level;

/// One line of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) level: Level,
    /// What it is about: a path, or nothing for the whole run.
    pub(crate) object: String,
    pub(crate) message: String,
    pub(crate) size: Option<u64>,
}

impl Line {
    fn new(level: Level, object: &str, message: impl Into<String>) -> Self {
        Self { level, object: object.into(), message: message.into(), size: None }
    }

    fn sized(self, size: Option<u64>) -> Self {
        Self { size, ..self }
    }

    /// Writes it to the log.
    pub(crate) fn emit(&self) {
        let Self { object, message, .. } = self;
        let size = self.size;
        match self.level {
            Level::Error => tracing::error!(object, size, "{message}"),
            Level::Notice => tracing::warn!(object, size, "{message}"),
            Level::Info => tracing::info!(object, size, "{message}"),
            Level::Debug => tracing::debug!(object, size, "{message}"),
        }
    }
}

/// What a run is about, for the lines that tell of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    /// The name of the one tree, for what happens to the whole of it.
    pub(crate) whole: String,
    /// The copies are the first half of moves.
    pub(crate) moving: bool,
    /// The one file and its other name at the destination.
    pub(crate) renamed: Option<(Path, Path)>,
}

impl Subject {
    fn name(&self, path: &Path) -> String {
        if path.is_root() { self.whole.clone() } else { path.to_string() }
    }

    /// Returns the source and the new name of the one file, where `path` is that.
    fn renamed(&self, path: &Path) -> Option<(String, String)> {
        let (from, to) = self.renamed.as_ref().filter(|(_, to)| to == path)?;
        Some((from.to_string(), to.to_string()))
    }

    /// Returns what was done to what.
    fn done(&self, deed: Deed, path: &Path) -> (String, String) {
        match self.renamed(path) {
            Some((from, to)) if is_arrival(deed) => (from, format!("{} to: {to}", done(deed))),
            _ if deed == Deed::MovedDirectory && path.is_root() => {
                (self.name(path), "Server side directory move succeeded".into())
            }
            _ => (self.name(path), done(deed).into()),
        }
    }

    /// Returns what is not done to what.
    fn skipped(&self, deed: Deed, path: &Path) -> (String, String) {
        let moves = deed == Deed::Moved || self.moving && is_arrival(deed);
        let action = if moves { "move" } else { named(deed).0 };
        match self.renamed(path) {
            Some((from, to)) if moves => (from, format!("{action} to {to}")),
            Some((from, _)) if is_arrival(deed) => (from, action.into()),
            _ => (self.name(path), action.into()),
        }
    }
}

/// Tells whether a file of the source came to stand at the destination.
fn is_arrival(deed: Deed) -> bool {
    matches!(deed, Deed::CopiedNew | Deed::CopiedOver | Deed::Moved)
}

/// Returns what the log says of an event. `flag` is why actions are skipped that the reason does not
/// forbid.
pub(crate) fn lines(event: &Event<'_>, flag: Option<&str>, subject: &Subject) -> Vec<Line> {
    let name = |path: &Path| subject.name(path);
    match *event {
        Event::Done { deed, path, size, reason, .. } => {
            let (object, message) = subject.done(deed, path);
            let done = Line::new(Level::Info, &object, message).sized(size);
            vec![because(Level::Debug, deed, &object, reason), done]
        }
        Event::Skipped { deed, path, size, reason, .. } => {
            let (object, action) = subject.skipped(deed, path);
            let size_text = size
                .map(|size| format!(" (size {})", crate::units::size(size)))
                .unwrap_or_default();
            let message = match flag {
                Some(flag) => format!("Skipped {action} as {flag} is set{size_text}"),
                None => format!("Skipped {action}: {reason}{size_text}"),
            };
            let skipped = Line::new(Level::Notice, &object, message).sized(size);
            vec![skipped, because(Level::Info, deed, &object, reason)]
        }
        Event::Failed { path, error } => {
            let text = error.to_string();
            let message = text.strip_prefix(&format!("{path}: ")).unwrap_or(&text);
            let object =
                subject.renamed(path).map_or_else(|| path.to_text(), |(from, _)| from.into());
            vec![Line::new(Level::Error, &object, message)]
        }
        Event::Notice { path, message } => {
            let object = path.map(Path::to_string).unwrap_or_default();
            vec![Line::new(Level::Notice, &object, message)]
        }
        Event::Remark { path, message } => vec![Line::new(Level::Info, &name(path), message)],
        Event::TransferContinued { path, offset, .. } => {
            let message = format!("Continues at {}", crate::units::bytes(offset));
            vec![Line::new(Level::Info, &name(path), message)]
        }
        Event::Retrying { path, attempt, error } => {
            let message = format!("low level retry {attempt}: {error}");
            vec![Line::new(Level::Debug, &name(path), message)]
        }
        _ => Vec::new(),
    }
}

fn because(level: Level, deed: Deed, object: &str, reason: &str) -> Line {
    let (_, need) = named(deed);
    Line::new(level, object, format!("Need to {need} - {reason}"))
}

fn done(deed: Deed) -> &'static str {
    match deed {
        Deed::BackedUp => "Moved into backup dir",
        Deed::CopiedNew => "Copied (new)",
        Deed::CopiedOver => "Copied (replaced existing)",
        Deed::Deleted => "Deleted",
        Deed::MadeDirectory => "Making directory",
        Deed::Moved => "Moved (server-side)",
        Deed::MovedDirectory => "Moved directory (server-side)",
        Deed::RemovedDirectory => "Removing directory",
        Deed::SetDirectoryModified => "Set directory modification time (using SetModTime)",
        Deed::SetModified => "Updated modification time in destination",
        _ => "Done",
    }
}

/// Returns what rclone calls an action when it leaves it out, and what a reason calls it.
pub(crate) fn named(deed: Deed) -> (&'static str, &'static str) {
    match deed {
        Deed::BackedUp => ("move into backup dir", "move into backup dir"),
        Deed::CopiedNew | Deed::CopiedOver => ("copy", "transfer"),
        Deed::Deleted => ("delete", "delete"),
        Deed::MadeDirectory => ("make directory", "make directory"),
        Deed::Moved => ("move", "move"),
        Deed::MovedDirectory => ("server-side directory move", "move"),
        Deed::RemovedDirectory => ("remove directory", "remove directory"),
        Deed::SetDirectoryModified => {
            ("set directory modification time", "set directory modification time")
        }
        Deed::SetModified => ("update modification time", "update modification time"),
        _ => ("change", "change"),
    }
}

#[cfg(test)]
mod tests {
    use sync_core::progress::Cause;
    use sync_core::{Error, ErrorKind};

    use super::super::stats::tests::path;
    use super::*;

    #[track_caller]
    fn check(event: &Event<'_>, expected: &[&str]) {
        let subject = Subject { whole: "the tree".into(), ..Subject::default() };
        check_of(&subject, event, expected);
    }

    #[track_caller]
    fn check_of(subject: &Subject, event: &Event<'_>, expected: &[&str]) {
        let shown: Vec<String> = lines(event, Some("--dry-run"), subject)
            .iter()
            .map(|line| format!("{:?} {}: {}", line.level, line.object, line.message))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_was_done_is_rclones_line() {
        let path = path("d/x");
        let done = |deed| Event::Done {
            deed,
            path: &path,
            size: Some(12),
            cause: Cause::Request,
            reason: "why",
        };
        check(
            &done(Deed::CopiedNew),
            &["Debug d/x: Need to transfer - why", "Info d/x: Copied (new)"],
        );
        check(
            &done(Deed::CopiedOver),
            &["Debug d/x: Need to transfer - why", "Info d/x: Copied (replaced existing)"],
        );
        check(&done(Deed::Deleted), &["Debug d/x: Need to delete - why", "Info d/x: Deleted"]);
        check(
            &done(Deed::RemovedDirectory),
            &["Debug d/x: Need to remove directory - why", "Info d/x: Removing directory"],
        );
    }

    #[test]
    fn what_was_not_done_is_rclones_line() {
        let path = path("x");
        let deed = Deed::CopiedNew;
        check(
            &Event::Skipped {
                deed,
                path: &path,
                size: Some(3_000_000),
                cause: Cause::Request,
                reason: "size differs",
            },
            &[
                "Notice x: Skipped copy as --dry-run is set (size 2.861Mi)",
                "Info x: Need to transfer - size differs",
            ],
        );
        let deed = Deed::RemovedDirectory;
        check(
            &Event::Skipped {
                deed,
                path: &path,
                size: None,
                cause: Cause::Request,
                reason: "not on the source",
            },
            &[
                "Notice x: Skipped remove directory as --dry-run is set",
                "Info x: Need to remove directory - not on the source",
            ],
        );
    }

    #[test]
    fn what_a_limit_forbids_is_no_flags_doing() {
        let (deed, path) = (Deed::Deleted, &path("x"));
        let (cause, reason) = (Cause::Request, "--max-delete threshold reached");
        let event = Event::Skipped { deed, path, size: Some(2), cause, reason };
        let shown = lines(&event, None, &Subject::default()).swap_remove(0).message;
        assert_eq!(shown, "Skipped delete: --max-delete threshold reached (size 2)");
    }

    #[test]
    fn a_failure_names_its_path_once() {
        let path = path("x");
        let error = Error::new(ErrorKind::NoSpace, "disk full").on("x");
        check(&Event::Failed { path: &path, error: &error }, &["Error x: disk full"]);
        let error = Error::new(ErrorKind::NoSpace, "disk full").on("y");
        check(&Event::Failed { path: &path, error: &error }, &["Error x: y: disk full"]);
    }

    #[test]
    fn the_whole_of_a_tree_has_a_name() {
        let (deed, path) = (Deed::MadeDirectory, &Path::root());
        check(
            &Event::Done { deed, path, size: None, cause: Cause::Request, reason: "asked for" },
            &[
                "Debug the tree: Need to make directory - asked for",
                "Info the tree: Making directory",
            ],
        );
    }

    #[test]
    fn a_file_of_another_name_is_told_by_its_first() {
        let (from, to) = (path("a"), path("b"));
        let renamed = Some((from, to.clone()));
        let subject = Subject { moving: true, renamed, ..Subject::default() };
        let (path, size, cause, reason) = (&to, Some(6), Cause::New, "why");
        let done = |deed| Event::Done { deed, path, size, cause, reason };
        let skipped = |deed| Event::Skipped { deed, path, size, cause, reason };
        check_of(
            &subject,
            &done(Deed::CopiedNew),
            &["Debug a: Need to transfer - why", "Info a: Copied (new) to: b"],
        );
        check_of(
            &subject,
            &done(Deed::Moved),
            &["Debug a: Need to move - why", "Info a: Moved (server-side) to: b"],
        );
        check_of(
            &subject,
            &done(Deed::BackedUp),
            &["Debug b: Need to move into backup dir - why", "Info b: Moved into backup dir"],
        );
        let skips = [
            "Notice a: Skipped move to b as --dry-run is set (size 6)",
            "Info a: Need to transfer - why",
        ];
        check_of(&subject, &skipped(Deed::CopiedOver), &skips);
        let subject = Subject { moving: false, ..subject };
        let skips = [&skips[0].replace("move to b", "copy"), skips[1]];
        check_of(&subject, &skipped(Deed::CopiedOver), &skips);
        let error = Error::new(ErrorKind::NoSpace, "disk full").on("b");
        check_of(&subject, &Event::Failed { path, error: &error }, &["Error a: disk full"]);
    }

    #[test]
    fn a_directory_that_moves_whole_has_the_name_of_its_new_place() {
        let (deed, path) = (Deed::MovedDirectory, &Path::root());
        check(
            &Event::Done { deed, path, size: None, cause: Cause::Request, reason: "why" },
            &[
                "Debug the tree: Need to move - why",
                "Info the tree: Server side directory move succeeded",
            ],
        );
    }

    #[test]
    fn counting_is_silent() {
        check(&Event::CheckQueued, &[]);
        check(&Event::Notice { path: None, message: "hello" }, &["Notice : hello"]);
    }
}
