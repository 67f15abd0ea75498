//! `rclone check`.

use std::sync::Arc;

use anyhow::Context as _;
use sync_core::context::Context;
use sync_core::filter::{Filter, ListForm};
use sync_core::ops::{self, CheckOptions, CheckSummary, Difference, Failures, Outcome};
use sync_core::{Error, ErrorKind, Event, Path, Tree};

use super::checksum::Comparison;
use super::hashsum::known;
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

    /// Take the source for a file of sums of this hash
    #[arg(long, short = 'C', value_name = "HASH")]
    checkfile: Option<String>,

    #[command(flatten)]
    reports: Reports,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    if let Some(hash) = &args.checkfile {
        let comparison = Comparison {
            hash: known(hash)?,
            sums: &args.source,
            path: &args.destination,
            download: args.download,
            one_way: args.one_way,
            base64: false,
            reports: &args.reports,
        };
        return comparison.run(resolved).await;
    }
    let mut context = resolved.context();
    let (source, file) = resolved.source(&args.source).await?;
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
    if !options.download && !share_a_hash(&source, &destination) {
        tracing::error!("No common hash found - not using a hash for checks");
    }
    let names = Names::of_trees(&source, &destination);
    let mut telling = Telling::new(&context, names, &args.reports)?;
    let mut tell = |path: &Path, outcome| telling.outcome(path, outcome);
    let checked = ops::check(&context, &source, &destination, &options, &mut tell).await;
    telling.finish(resolved, checked?)
}

fn share_a_hash(source: &Tree, destination: &Tree) -> bool {
    let hashes = destination.remote.capability().hashes;
    source.remote.capability().hashes.iter().any(|hash| hashes.contains(hash))
}

/// What the sides of a check are called.
#[derive(Debug)]
pub(super) struct Names {
    /// The source; none for a file of sums.
    pub(super) source: Option<String>,
    pub(super) destination: String,
}

impl Names {
    fn of_trees(source: &Tree, destination: &Tree) -> Self {
        Self { source: Some(shown::tree(source)), destination: shown::tree(destination) }
    }

    /// Returns what is wrong with a file, if anything is.
    fn problem(&self, outcome: Outcome) -> Option<String> {
        Some(match (outcome, &self.source) {
            (Outcome::Error | Outcome::Match, _) => return None,
            (Outcome::Differ(Difference::Size), _) => "sizes differ".into(),
            (Outcome::Differ(Difference::Content), _) => "contents differ".into(),
            (Outcome::Differ(Difference::Hash(_)), None) => "files differ".into(),
            (Outcome::Differ(Difference::Hash(hash)), Some(_)) => format!("{hash} differ"),
            (Outcome::MissingOnDestination, _) => format!("file not in {}", self.destination),
            (Outcome::MissingOnSource, Some(source)) => format!("file not in {source}"),
            (Outcome::MissingOnSource, None) => "sum not found".into(),
        })
    }
}

/// Writes what comes of a check.
pub(super) struct Telling<'a> {
    context: &'a Context,
    names: Names,
    writers: Writers,
    /// Why a report is not whole.
    error: Option<std::io::Error>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(
        context: &'a Context,
        names: Names,
        reports: &Reports,
    ) -> anyhow::Result<Self> {
        Ok(Self { context, names, writers: reports.open()?, error: None })
    }

    pub(super) fn outcome(&mut self, path: &Path, outcome: Outcome) {
        if let Some(problem) = self.names.problem(outcome) {
            let error = Error::new(ErrorKind::Other, problem);
            self.context.progress.event(Event::Failed { path, error: &error });
        }
        if let Err(error) = self.writers.write(path, outcome) {
            self.error.get_or_insert(error);
        }
    }

    /// Ends the reports and logs the summary.
    ///
    /// # Errors
    /// When there are differences, or a report cannot be written.
    pub(super) fn finish(
        mut self,
        resolved: &Resolved,
        summary: CheckSummary,
    ) -> anyhow::Result<()> {
        let flushed = self.writers.flush();
        self.error.take().map_or(flushed, Err).context("failed to write a report")?;
        let errors = resolved.reporter().errors();
        for (tree, line) in lines(summary, errors, &self.names) {
            tracing::warn!(object = tree, "{line}");
        }
        let differences = differences(summary);
        if differences == 0 {
            return Ok(());
        }
        let last = Error::new(ErrorKind::Other, format!("{differences} differences found"));
        Err(Failures { count: errors, last }.into())
    }
}

fn differences(summary: CheckSummary) -> u64 {
    summary.differences + summary.missing_on_source + summary.missing_on_destination
}

/// Returns the lines at the end, each with the tree it is about.
fn lines(summary: CheckSummary, errors: u64, names: &Names) -> Vec<(&str, String)> {
    let differences = differences(summary);
    let destination = names.destination.as_str();
    let (source, missing) = match &names.source {
        Some(source) => (source.as_str(), "files missing"),
        None => ("", "hashes missing"),
    };
    [
        (destination, summary.missing_on_destination, "files missing", false),
        (source, summary.missing_on_source, missing, false),
        (destination, differences, "differences found", true),
        (destination, errors, "errors while checking", false),
        (destination, summary.unhashed, "hashes could not be checked", false),
        (destination, summary.matches, "matching files", false),
    ]
    .into_iter()
    .filter(|&(_, count, _, always)| always || count > 0)
    .map(|(tree, count, what, _)| (tree, format!("{count} {what}")))
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
        let names = Names { source: Some("c1".into()), destination: "c2".into() };
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
        let sums = Names { source: None, destination: "c2".into() };
        assert_eq!(lines(summary, 4, &sums)[1], ("", "1 hashes missing".to_owned()));
        assert_eq!(sums.problem(Outcome::MissingOnSource).unwrap(), "sum not found");
    }
}
