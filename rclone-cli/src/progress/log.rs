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

/// Returns what the log says of an event. `flag` is why actions are skipped that the reason does not
/// forbid, `whole` the name of the tree where that is what an event is about.
pub(crate) fn lines(event: &Event<'_>, flag: Option<&str>, whole: &str) -> Vec<Line> {
    let name = |path: &Path| if path.is_root() { whole.to_owned() } else { path.to_string() };
    match *event {
        Event::Done { deed, path, size, reason, .. } => {
            let done = Line::new(Level::Info, &name(path), done(deed)).sized(size);
            vec![because(Level::Debug, deed, &name(path), reason), done]
        }
        Event::Skipped { deed, path, size, reason, .. } => {
            let (action, _) = named(deed);
            let size_text = size
                .map(|size| format!(" (size {})", crate::units::size(size)))
                .unwrap_or_default();
            let message = match flag {
                Some(flag) => format!("Skipped {action} as {flag} is set{size_text}"),
                None => format!("Skipped {action}: {reason}{size_text}"),
            };
            let skipped = Line::new(Level::Notice, &name(path), message).sized(size);
            vec![skipped, because(Level::Info, deed, &name(path), reason)]
        }
        Event::Failed { path, error } => {
            let text = error.to_string();
            let message = text.strip_prefix(&format!("{path}: ")).unwrap_or(&text);
            vec![Line::new(Level::Error, &path.to_text(), message)]
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
        Deed::SetDirectoryModified => "Set directory modification time",
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
        let shown: Vec<String> = lines(event, Some("--dry-run"), "the tree")
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
        let shown = lines(&event, None, "the tree").swap_remove(0).message;
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
    fn counting_is_silent() {
        check(&Event::CheckQueued, &[]);
        check(&Event::Notice { path: None, message: "hello" }, &["Notice : hello"]);
    }
}
