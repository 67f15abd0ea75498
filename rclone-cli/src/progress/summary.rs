//! What a run came to, in one line of counts: copied and why, deleted, left as it was, failed.

use sync_core::Event;
use sync_core::progress::{Cause, Deed};

/// Counts what happens to paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// Whether skipped changes are what would be done.
    dry_run: bool,
    copied: Copied,
    moved: u64,
    deleted_files: u64,
    deleted_directories: u64,
    unchanged: u64,
    skipped: u64,
    failed: u64,
}

/// Copies, by their cause.
#[derive(Clone, Debug, Default)]
struct Copied {
    new: u64,
    size: u64,
    time: u64,
    hash: u64,
    request: u64,
}

impl Summary {
    pub(crate) fn new(dry_run: bool) -> Self {
        Self { dry_run, ..Self::default() }
    }

    /// Counts one event.
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match *event {
            Event::Done { deed, cause, .. } => self.deed(deed, cause),
            Event::Skipped { deed, cause, .. } if self.dry_run => self.deed(deed, cause),
            Event::Left { same: true, .. } => self.unchanged += 1,
            Event::Skipped { .. } | Event::Left { .. } => self.skipped += 1,
            Event::Failed { .. } => self.failed += 1,
            _ => {}
        }
    }

    fn deed(&mut self, deed: Deed, cause: Cause) {
        match deed {
            Deed::CopiedNew | Deed::CopiedOver => self.copied.count(cause),
            Deed::BackedUp | Deed::Deleted => self.deleted_files += 1,
            Deed::Moved => self.moved += 1,
            Deed::RemovedDirectory => self.deleted_directories += 1,
            _ => {}
        }
    }

    /// Forgets what another try finds anew.
    pub(crate) fn try_again(&mut self) {
        (self.unchanged, self.skipped, self.failed) = (0, 0, 0);
    }

    /// Returns the line; none where nothing went well, which the errors tell.
    pub(crate) fn line(&self) -> Option<String> {
        let would = if self.dry_run { "would have " } else { "" };
        let mut parts: Vec<String> = [
            self.copied.total().map(|(total, causes)| format!("{would}copied {total} ({causes})")),
            counted(self.moved, |count| format!("{would}moved {count} on the server")),
            self.deleted().map(|deleted| format!("{would}deleted {deleted}")),
            counted(self.unchanged, |count| format!("{count} unchanged")),
            counted(self.skipped, |count| format!("{count} skipped")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            return None;
        }
        parts.extend(counted(self.failed, |count| format!("{count} failed")));
        Some(format!("Summary: {}", parts.join(", ")))
    }

    fn deleted(&self) -> Option<String> {
        let files = counted(self.deleted_files, |count| plural(count, "file", "files"));
        let directories =
            counted(self.deleted_directories, |count| plural(count, "directory", "directories"));
        match (files, directories) {
            (Some(files), Some(directories)) => Some(format!("{files} and {directories}")),
            (files, directories) => files.or(directories),
        }
    }
}

impl Copied {
    fn count(&mut self, cause: Cause) {
        *match cause {
            Cause::Hash => &mut self.hash,
            Cause::New => &mut self.new,
            Cause::Size => &mut self.size,
            Cause::Time => &mut self.time,
            _ => &mut self.request,
        } += 1;
    }

    /// Returns how many there were, and why.
    fn total(&self) -> Option<(u64, String)> {
        let Self { new, size, time, hash, request } = *self;
        let total = new + size + time + hash + request;
        let causes = [
            (new, "new"),
            (size, "of another size"),
            (time, "of another time"),
            (hash, "of another hash"),
            (request, "as asked"),
        ];
        let causes: Vec<String> = causes
            .into_iter()
            .filter_map(|(count, cause)| counted(count, |count| format!("{count} {cause}")))
            .collect();
        counted(total, |total| (total, causes.join(", ")))
    }
}

fn counted<T>(count: u64, text: impl FnOnce(u64) -> T) -> Option<T> {
    (count > 0).then(|| text(count))
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use sync_core::{Error, ErrorKind};

    use super::super::stats::tests::path;
    use super::*;

    fn after(dry_run: bool, deeds: &[(Deed, Cause)]) -> Summary {
        let mut summary = Summary::new(dry_run);
        let path = path("a");
        for &(deed, cause) in deeds {
            summary.take(&match dry_run {
                true => Event::Skipped { deed, path: &path, size: None, cause, reason: "" },
                false => Event::Done { deed, path: &path, size: None, cause, reason: "" },
            });
        }
        summary
    }

    const DEEDS: [(Deed, Cause); 6] = [
        (Deed::CopiedNew, Cause::New),
        (Deed::CopiedNew, Cause::New),
        (Deed::CopiedOver, Cause::Size),
        (Deed::CopiedOver, Cause::Time),
        (Deed::Deleted, Cause::Request),
        (Deed::RemovedDirectory, Cause::Request),
    ];

    #[test]
    fn counts_come_with_their_causes() {
        let mut summary = after(false, &DEEDS);
        let (path, error) = (path("a"), Error::new(ErrorKind::Timeout, "silent"));
        summary.take(&Event::Left { path: &path, same: true });
        summary.take(&Event::Left { path: &path, same: false });
        summary.take(&Event::Failed { path: &path, error: &error });
        let copied = "copied 4 (2 new, 1 of another size, 1 of another time)";
        let deleted = "deleted 1 file and 1 directory";
        let left = "1 unchanged, 1 skipped";
        let line = format!("Summary: {copied}, {deleted}, {left}, 1 failed");
        assert_eq!(summary.line().unwrap(), line);
        summary.try_again();
        assert_eq!(summary.line().unwrap(), format!("Summary: {copied}, {deleted}"));
    }

    #[test]
    fn a_dry_run_tells_what_it_would_have_done() {
        let copied = "would have copied 4 (2 new, 1 of another size, 1 of another time)";
        let deleted = "would have deleted 1 file and 1 directory";
        assert_eq!(after(true, &DEEDS).line().unwrap(), format!("Summary: {copied}, {deleted}"));
    }

    #[test]
    fn what_the_user_declined_is_skipped() {
        let (mut summary, path) = (Summary::new(false), path("a"));
        let (deed, cause) = (Deed::Deleted, Cause::Request);
        summary.take(&Event::Skipped { deed, path: &path, size: None, cause, reason: "" });
        assert_eq!(summary.line().unwrap(), "Summary: 1 skipped");
    }

    #[test]
    fn nothing_done_is_worth_no_line() {
        let (path, error) = (path("a"), Error::new(ErrorKind::Timeout, "silent"));
        let mut summary = after(false, &[]);
        summary.take(&Event::Failed { path: &path, error: &error });
        assert_eq!(summary.line(), None);
    }
}
