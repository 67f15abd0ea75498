//! `rclone hashsum`, and what it shares with `md5sum` and `sha1sum`.

use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use sync_core::context::Context;
use sync_core::hash::{COMPUTED, Hasher, named};
use sync_core::{ErrorKind, Path, Tree};
use tokio::io::AsyncReadExt as _;

use super::checksum::Comparison;
use super::listing::Listing;
use super::reports::Reports;
use crate::exit::Usage;
use crate::output::{self, Output};
use crate::resolve::Resolved;
use crate::shown;

/// Print the hashes of the files in a path
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The hash, such as `md5`; none lists those there are
    pub(crate) hash: Option<String>,
    /// `remote:path` or a local path; standard input where it is missing or -
    pub(crate) path: Option<String>,

    #[command(flatten)]
    pub(crate) sums: Sums,
}

/// How sums are got and shown.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Sums {
    /// Print base64 instead of hexadecimal digits
    #[arg(long)]
    pub(crate) base64: bool,

    /// Read the files and compute the hashes here
    #[arg(long)]
    pub(crate) download: bool,

    /// Write to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<std::path::PathBuf>,

    /// Compare with the sums in this file instead of printing
    #[arg(long, short = 'C', value_name = "FILE")]
    pub(crate) checkfile: Option<String>,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    match &args.hash {
        Some(hash) => args.sums.run(resolved, known(hash)?, args.path.as_deref()).await,
        None => {
            let names = COMPUTED.map(|name| format!("- {name}"));
            Ok(output::line(format!("Supported hashes are:\n{}", names.join("\n")))?)
        }
    }
}

/// Returns the hash a user calls so.
///
/// # Errors
/// When there is none.
pub(super) fn known(hash: &str) -> anyhow::Result<&'static str> {
    named(hash).ok_or_else(|| unknown(hash))
}

pub(super) fn unknown(hash: &str) -> anyhow::Error {
    Usage(format!("unknown hash type \"{hash}\": use one of {}", COMPUTED.join(", "))).into()
}

impl Sums {
    /// Prints or compares the hashes of the files in a path, or prints that of standard input.
    pub(crate) async fn run(
        &self,
        resolved: &Resolved,
        hash: &'static str,
        path: Option<&str>,
    ) -> anyhow::Result<()> {
        match (path, &self.checkfile) {
            (None | Some("-"), _) => self.hash_input(hash).await,
            (Some(path), Some(sums)) => {
                let reports = Reports::on_screen();
                let comparison = Comparison {
                    hash,
                    sums,
                    path,
                    download: self.download,
                    one_way: false,
                    base64: self.base64,
                    reports: &reports,
                };
                comparison.run(resolved).await
            }
            (Some(path), None) => {
                let source = Source { context: resolved.context(), hash, download: self.download };
                self.print(resolved, &source, path).await
            }
        }
    }

    async fn hash_input(&self, hash: &str) -> anyhow::Result<()> {
        let Some(mut hasher) = Hasher::new(hash) else { return Err(unknown(hash)) };
        let mut input = tokio::io::stdin();
        let mut piece = vec![0; 1 << 16];
        loop {
            match input.read(&mut piece).await? {
                0 => break,
                length => hasher.update(&piece[..length]),
            }
        }
        let mut output = self.output()?;
        writeln!(output, "{}  -", text(&hasher.finish(), self.base64))?;
        Ok(output.flush()?)
    }

    fn output(&self) -> anyhow::Result<Box<dyn Write + Send>> {
        Ok(match &self.output_file {
            Some(file) => Box::new(BufWriter::new(
                File::create(file).with_context(|| format!("failed to make {}", file.display()))?,
            )),
            None => Box::new(Output::new()),
        })
    }

    async fn print(&self, resolved: &Resolved, sums: &Source, path: &str) -> anyhow::Result<()> {
        let mut listing = Listing::open(resolved, path, sums.context.options.max_depth).await?;
        let mut output = self.output()?;
        while let Some(found) = listing.next_file().await {
            match sums.of(&listing.tree, &found.path).await {
                Ok(sum) => {
                    write!(output, "{}  ", text(&sum, self.base64))?;
                    output.write_all(&[&*shown::path(&found.path), b"\n"].concat())?;
                }
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    let hint = "--download reads the files and hashes them here";
                    listing.fail_on(&found.path, error.hint(hint));
                }
                Err(error) => listing.fail_on(&found.path, error),
            }
        }
        output.flush()?;
        listing.finish()
    }
}

/// Returns a hash as it stands in a file of sums.
pub(super) fn text(sum: &[u8], base64: bool) -> String {
    if base64 { BASE64_URL_SAFE.encode(sum) } else { shown::hex(sum) }
}

/// Where hashes come from.
pub(super) struct Source {
    pub(super) context: Context,
    pub(super) hash: &'static str,
    pub(super) download: bool,
}

impl Source {
    /// Returns the hash of a file: the remote's, or that of the bytes it sends.
    pub(super) async fn of(&self, tree: &Tree, path: &Path) -> sync_core::Result<Vec<u8>> {
        let hasher = Hasher::new(self.hash).filter(|_| self.download);
        let Some(mut hasher) = hasher else {
            return tree.remote.hash(&tree.path(path), self.hash).await;
        };
        let mut reader = tree.remote.open(&tree.path(path), 0, None).await?;
        loop {
            let piece = reader.read().await?;
            if piece.is_empty() {
                return Ok(hasher.finish());
            }
            hasher.update(&piece);
        }
    }
}
