//! Reports of what was found at which path, as rclone's check, copy, move and sync write them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use sync_core::ops::{Difference, Mode, Outcome};
use sync_core::progress::{Cause, Deed};
use sync_core::{Event, Path, Progress};

use crate::output::Report;
use crate::shown;

/// Files to write names to; `-` is standard output.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Reports {
    /// Write all names with signs: = same, - missing here, + missing there, * differs, ! error
    #[arg(long, value_name = "FILE")]
    combined: Option<String>,

    /// Write the names of files that are the same
    #[arg(long = "match", value_name = "FILE")]
    matching: Option<String>,

    /// Write the names of files that differ
    #[arg(long, value_name = "FILE")]
    differ: Option<String>,

    /// Write the names of files the source does not have
    #[arg(long, value_name = "FILE")]
    missing_on_src: Option<String>,

    /// Write the names of files the destination does not have
    #[arg(long, value_name = "FILE")]
    missing_on_dst: Option<String>,

    /// Write the names of files that could not be compared
    #[arg(long, value_name = "FILE")]
    error: Option<String>,
}

type Writer = Box<dyn Write + Send>;

/// The reports that were asked for.
pub(crate) struct Writers {
    combined: Option<Writer>,
    /// Each with the sign of what it takes.
    single: Vec<(&'static [u8; 2], Writer)>,
}

impl Reports {
    /// Returns all names with their signs on standard output.
    pub(super) fn on_screen() -> Self {
        Self { combined: Some("-".into()), ..Self::default() }
    }

    /// Makes the files.
    ///
    /// # Errors
    /// When one cannot be made.
    pub(crate) fn open(&self) -> anyhow::Result<Writers> {
        let wanted = [
            (b"= ", &self.matching),
            (b"* ", &self.differ),
            (b"- ", &self.missing_on_src),
            (b"+ ", &self.missing_on_dst),
            (b"! ", &self.error),
        ];
        let mut single = Vec::new();
        for (sign, file) in wanted {
            if let Some(file) = file {
                single.push((sign, open(file)?));
            }
        }
        Ok(Writers { combined: self.combined.as_deref().map(open).transpose()?, single })
    }

    /// Tells whether files are asked for that only the destination has.
    pub(crate) fn want_extras(&self) -> bool {
        self.combined.is_some() || self.missing_on_src.is_some()
    }

    /// Tells whether there is anything to write.
    pub(crate) fn are_wanted(&self) -> bool {
        let Self { combined, matching, differ, missing_on_src, missing_on_dst, error } = self;
        [combined, matching, differ, missing_on_src, missing_on_dst, error]
            .into_iter()
            .any(Option::is_some)
    }
}

fn open(file: &str) -> anyhow::Result<Writer> {
    if file == "-" {
        return Ok(Box::new(Report::new()));
    }
    let file = File::create(file).with_context(|| format!("failed to make the report {file}"))?;
    Ok(Box::new(BufWriter::new(file)))
}

impl Writers {
    pub(crate) fn write(&mut self, path: &Path, outcome: Outcome) -> std::io::Result<()> {
        let (name, sign) = (shown::path(path), sign(outcome));
        if let Some(combined) = &mut self.combined {
            combined.write_all(&[sign.as_slice(), &*name, b"\n"].concat())?;
        }
        for (_, writer) in self.single.iter_mut().filter(|(wanted, _)| *wanted == sign) {
            writer.write_all(&[&*name, b"\n"].concat())?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        let single = self.single.iter_mut().map(|(_, writer)| writer);
        self.combined.iter_mut().chain(single).try_for_each(Write::flush)
    }
}

fn sign(outcome: Outcome) -> &'static [u8; 2] {
    match outcome {
        Outcome::Differ(_) => b"* ",
        Outcome::Error => b"! ",
        Outcome::Match => b"= ",
        Outcome::MissingOnDestination => b"+ ",
        Outcome::MissingOnSource => b"- ",
    }
}

/// Listens to a copy, move or sync for another, and writes the reports.
pub(crate) struct Ledger {
    listener: Arc<dyn Progress>,
    mode: Mode,
    /// The reports, and why they are not whole.
    writers: Mutex<(Writers, Option<std::io::Error>)>,
}

impl Ledger {
    pub(crate) fn new(listener: Arc<dyn Progress>, mode: Mode, writers: Writers) -> Self {
        Self { listener, mode, writers: Mutex::new((writers, None)) }
    }

    /// Brings the reports to the disk.
    ///
    /// # Errors
    /// When they are not whole.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        let (writers, error) = &mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = writers.flush();
        error.take().map_or(flushed, Err).context("failed to write a report")
    }
}

impl Progress for Ledger {
    fn event(&self, event: Event<'_>) {
        if let Some((path, outcome)) = outcome(&event, self.mode) {
            let (writers, error) =
                &mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(now) = writers.write(path, outcome) {
                error.get_or_insert(now);
            }
        }
        self.listener.event(event);
    }
}

/// Returns what an event says was found at a path.
fn outcome<'a>(event: &Event<'a>, mode: Mode) -> Option<(&'a Path, Outcome)> {
    match *event {
        Event::Left { path, .. } => Some((path, Outcome::Match)),
        Event::Extra { path } => Some((path, Outcome::MissingOnSource)),
        Event::Failed { path, .. } if !path.is_root() => Some((path, Outcome::Error)),
        Event::Done { deed, path, cause, .. } | Event::Skipped { deed, path, cause, .. } => {
            let outcome = match deed {
                Deed::CopiedNew | Deed::CopiedOver | Deed::Moved if cause == Cause::New => {
                    Outcome::MissingOnDestination
                }
                Deed::CopiedNew | Deed::CopiedOver | Deed::Moved if cause == Cause::Size => {
                    Outcome::Differ(Difference::Size)
                }
                Deed::CopiedNew | Deed::CopiedOver | Deed::Moved => {
                    Outcome::Differ(Difference::Content)
                }
                // A move deletes on the source.
                Deed::BackedUp | Deed::Deleted if mode == Mode::Sync => Outcome::MissingOnSource,
                _ => return None,
            };
            Some((path, outcome))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mode: Mode, deed: Deed, cause: Cause, expected: Option<Outcome>) {
        let path: Path = "a".parse().expect("a path");
        let done = Event::Done { deed, path: &path, size: None, cause, reason: "" };
        assert_eq!(outcome(&done, mode).map(|(_, outcome)| outcome), expected);
        let skipped = Event::Skipped { deed, path: &path, size: None, cause, reason: "" };
        assert_eq!(outcome(&skipped, mode).map(|(_, outcome)| outcome), expected);
    }

    #[test]
    fn what_was_done_tells_what_was_found() {
        check(Mode::Copy, Deed::CopiedNew, Cause::New, Some(Outcome::MissingOnDestination));
        check(Mode::Move, Deed::Moved, Cause::New, Some(Outcome::MissingOnDestination));
        let differ = |difference| Some(Outcome::Differ(difference));
        check(Mode::Move, Deed::Moved, Cause::Size, differ(Difference::Size));
        check(Mode::Sync, Deed::CopiedOver, Cause::Time, differ(Difference::Content));
        check(Mode::Sync, Deed::Deleted, Cause::Request, Some(Outcome::MissingOnSource));
        check(Mode::Move, Deed::Deleted, Cause::Request, None);
        check(Mode::Sync, Deed::MadeDirectory, Cause::Request, None);
    }
}
