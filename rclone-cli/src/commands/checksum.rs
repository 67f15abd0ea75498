//! `rclone checksum`: the files of a tree against a file of their sums, which `hashsum -C` and
//! `check -C` do as well.

use std::collections::BTreeMap;

use anyhow::Context as _;
use sync_core::ops::{CheckSummary, Difference, Outcome};
use sync_core::{Event, Path};

use super::check::{Names, Telling};
use super::hashsum::{Source, known, text};
use super::listing::Listing;
use super::reports::Reports;
use crate::resolve::Resolved;
use crate::shown;

/// Check the files of a path against a file of sums
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The hash, such as `md5`
    hash: String,
    /// The file of sums: `remote:path` or a local path
    sums: String,
    /// `remote:path` or a local path
    path: String,

    /// Read the files and compute the hashes here
    #[arg(long)]
    download: bool,

    /// Do not mind files that have no sum
    #[arg(long)]
    one_way: bool,

    #[command(flatten)]
    reports: Reports,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let comparison = Comparison {
        hash: known(&args.hash)?,
        sums: &args.sums,
        path: &args.path,
        download: args.download,
        one_way: args.one_way,
        base64: false,
        reports: &args.reports,
    };
    comparison.run(resolved).await
}

/// What is compared, and how.
pub(super) struct Comparison<'a> {
    pub(super) hash: &'static str,
    pub(super) sums: &'a str,
    pub(super) path: &'a str,
    pub(super) download: bool,
    pub(super) one_way: bool,
    pub(super) base64: bool,
    pub(super) reports: &'a Reports,
}

impl Comparison<'_> {
    /// Compares all files, writes the reports, logs the summary.
    ///
    /// # Errors
    /// When there are differences, or something could not be read.
    pub(super) async fn run(self, resolved: &Resolved) -> anyhow::Result<()> {
        let source =
            Source { context: resolved.context(), hash: self.hash, download: self.download };
        let mut wanted = parse(&self.read_sums(resolved).await?, self.sums);
        let depth = source.context.options.max_depth;
        let mut listing = Listing::open(resolved, self.path, depth).await?;
        let names = Names { source: None, destination: shown::tree(&listing.tree) };
        let mut telling = Telling::new(&source.context, names, self.reports)?;
        let mut summary = CheckSummary::default();
        while let Some(found) = listing.next_file().await {
            let outcome = match wanted.remove(&shown::path(&found.path)) {
                None if self.one_way => continue,
                None => Outcome::MissingOnSource,
                Some(expected) => match source.of(&listing.tree, &found.path).await {
                    Ok(sum) if text(&sum, self.base64).eq_ignore_ascii_case(&expected) => {
                        Outcome::Match
                    }
                    Ok(_) => Outcome::Differ(Difference::Hash(self.hash)),
                    Err(error) => {
                        let event = Event::Failed { path: &found.path, error: &error };
                        source.context.progress.event(event);
                        Outcome::Error
                    }
                },
            };
            summary.count(outcome);
            telling.outcome(&found.path, outcome);
        }
        let filter = &source.context.filter;
        for name in wanted.keys().filter_map(|name| Path::new(name).ok()) {
            if filter.includes_file(&name, None, None) {
                summary.count(Outcome::MissingOnDestination);
                telling.outcome(&name, Outcome::MissingOnDestination);
            }
        }
        listing.finish()?;
        telling.finish(resolved, summary)
    }

    async fn read_sums(&self, resolved: &Resolved) -> anyhow::Result<Vec<u8>> {
        let (tree, file) = resolved.remotes.tree_or_file(self.sums).await?;
        let name = file.with_context(|| format!("not a sum file: {}", shown::tree(&tree)))?;
        let mut reader = tree.remote.open(&tree.path(&Path::root().child(&name)), 0, None).await?;
        let mut bytes = Vec::new();
        loop {
            let piece = reader.read().await?;
            if piece.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&piece);
        }
    }
}

/// Reads a file of sums: a hash, two blanks (or a blank and `*`), a path.
fn parse(text: &[u8], file: &str) -> BTreeMap<Vec<u8>, String> {
    let mut sums = BTreeMap::new();
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || matches!(line[0], b'#' | b';') {
            continue;
        }
        match line.iter().position(|&byte| byte == b' ').map(|blank| line.split_at(blank)) {
            Some((sum, [b' ', b' ' | b'*', path @ ..])) if !path.is_empty() => {
                sums.insert(path.to_vec(), String::from_utf8_lossy(sum).into_owned());
            }
            _ => {
                let number = number + 1;
                tracing::warn!("{file}: improperly formatted checksum line {number}");
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_lines_of_hash_and_path() {
        let text = b"# comment\n00ff  a b\r\n11ee *dir/c\nbad\n\n22dd  \n";
        let sums = parse(text, "sums");
        let expected = [(b"a b".to_vec(), "00ff".into()), (b"dir/c".to_vec(), "11ee".into())];
        assert_eq!(sums, expected.into());
    }
}
