//! `rclone check`.

use std::sync::Arc;

use anyhow::Context as _;
use sync_core::context::Context;
use sync_core::filter::{Filter, ListForm};
use sync_core::ops::{self, CheckOptions, CheckSummary, Failures, Outcome};
use sync_core::{Error, ErrorKind, Event, Path, Tree};

use super::reports::{Reports, Writers};
use crate::resolve::Resolved;
use crate::shown;

/// Check that two trees hold the same files
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Where from: `remote:path` or a local path
    pub(crate) source: String,
    /// Where to
    pub(crate) destination: String,

    /// Read the files and compare every byte
    #[arg(long)]
    pub(crate) download: bool,

    /// Do not mind files that only the destination has
    #[arg(long)]
    pub(crate) one_way: bool,

    #[command(flatten)]
    reports: Reports,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let mut context = resolved.context();
    let (source, file) = resolved.tree_or_file(&args.source).await?;
    if let Some(name) = file {
        let only = Filter::builder().files_from(name.as_bytes(), ListForm::Nul)?.build()?;
        context.filter = Arc::new(only);
    }
    let destination = resolved.tree(&args.destination)?;
    for tree in [&source, &destination] {
        tree.remote.connect().await?;
    }
    let options = CheckOptions {
        download: args.download,
        one_way: args.one_way,
        size_only: context.options.size_only,
        checksum: context.options.checksum,
    };
    if !options.download && !options.size_only && !share_a_hash(&source, &destination) {
        tracing::error!("No common hash found - not using a hash for checks");
    }
    let names = (shown::tree(&source), shown::tree(&destination));
    let mut telling =
        Telling { context: &context, names, writers: args.reports.open()?, error: None };
    let mut tell = |path: &Path, outcome| telling.outcome(path, outcome);
    let checked = ops::check(&context, &source, &destination, &options, &mut tell).await;
    telling.finish(resolved, checked)
}

fn share_a_hash(source: &Tree, destination: &Tree) -> bool {
    let hashes = destination.remote.capability().hashes;
    source.remote.capability().hashes.iter().any(|hash| hashes.contains(hash))
}

/// Writes what comes of a check.
struct Telling<'a> {
    context: &'a Context,
    /// What the source and the destination are called.
    names: (String, String),
    writers: Writers,
    /// Why a report is not whole.
    error: Option<std::io::Error>,
}

impl Telling<'_> {
    fn outcome(&mut self, path: &Path, outcome: Outcome) {
        let (source, destination) = &self.names;
        let problem = match outcome {
            Outcome::Differ => Some("files differ".to_owned()),
            Outcome::MissingOnDestination => Some(format!("file not in {destination}")),
            Outcome::MissingOnSource => Some(format!("file not in {source}")),
            Outcome::Error | Outcome::Match => None,
        };
        if let Some(problem) = problem {
            let error = Error::new(ErrorKind::Other, problem);
            self.context.progress.event(Event::Failed { path, error: &error });
        }
        if let Err(error) = self.writers.write(path, outcome) {
            self.error.get_or_insert(error);
        }
    }

    fn finish(
        mut self,
        resolved: &Resolved,
        checked: Result<CheckSummary, Failures>,
    ) -> anyhow::Result<()> {
        let flushed = self.writers.flush();
        self.error.take().map_or(flushed, Err).context("failed to write a report")?;
        conclude(resolved, checked?, &self.names)
    }
}

/// Logs the summary of a check between two places of these names.
///
/// # Errors
/// When there are differences.
pub(super) fn conclude(
    resolved: &Resolved,
    summary: CheckSummary,
    names: &(String, String),
) -> anyhow::Result<()> {
    let errors = resolved.reporter().errors();
    for (tree, line) in lines(summary, errors, names) {
        tracing::warn!(object = tree, "{line}");
    }
    let differences = differences(summary);
    if differences == 0 {
        return Ok(());
    }
    let last = Error::new(ErrorKind::Other, format!("{differences} differences found"));
    Err(Failures { count: errors, last }.into())
}

fn differences(summary: CheckSummary) -> u64 {
    summary.differences + summary.missing_on_source + summary.missing_on_destination
}

/// Returns the lines at the end, each with the tree it is about.
fn lines(
    summary: CheckSummary,
    errors: u64,
    (source, destination): &(String, String),
) -> Vec<(&str, String)> {
    let differences = differences(summary);
    [
        (destination, summary.missing_on_destination, "files missing", false),
        (source, summary.missing_on_source, "files missing", false),
        (destination, differences, "differences found", true),
        (destination, errors, "errors while checking", false),
        (destination, summary.unhashed, "hashes could not be checked", false),
        (destination, summary.matches, "matching files", false),
    ]
    .into_iter()
    .filter(|&(_, count, _, always)| always || count > 0)
    .map(|(tree, count, what, _)| (&**tree, format!("{count} {what}")))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_rclones() {
        let summary = CheckSummary {
            matches: 1,
            differences: 2,
            missing_on_source: 1,
            missing_on_destination: 1,
            ..CheckSummary::default()
        };
        let names = ("c1".to_owned(), "c2".to_owned());
        let shown: Vec<String> = lines(summary, 4, &names)
            .into_iter()
            .map(|(tree, line)| format!("{tree}: {line}"))
            .collect();
        assert_eq!(
            shown,
            [
                "c2: 1 files missing",
                "c1: 1 files missing",
                "c2: 4 differences found",
                "c2: 4 errors while checking",
                "c2: 1 matching files",
            ]
        );
        let same = lines(CheckSummary::default(), 0, &names);
        assert_eq!(same, [("c2", "0 differences found".to_owned())]);
    }
}
