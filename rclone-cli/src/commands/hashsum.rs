//! `rclone hashsum`, and what it shares with `md5sum` and `sha1sum`.

use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use sync_core::context::Context;
use sync_core::hash::{COMPUTED, Hasher};
use sync_core::ops::CheckSummary;
use sync_core::{Error, ErrorKind, Event, Path, Tree};

use super::check::conclude;
use super::listing::Listing;
use crate::exit::Usage;
use crate::output::{self, Output};
use crate::resolve::Resolved;
use crate::shown;

/// Print the hashes of the files in a path
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The hash, such as `md5`; none lists those there are
    pub(crate) hash: Option<String>,
    /// `remote:path` or a local path
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
    pub(crate) checkfile: Option<std::path::PathBuf>,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    match (&args.hash, &args.path) {
        (Some(hash), Some(path)) => args.sums.run(resolved, hash, path).await,
        (Some(hash), None) if !COMPUTED.contains(&&**hash) => Err(unknown(hash)),
        (Some(_), None) => Err(Usage("name a path to hash".into()).into()),
        (None, _) => {
            let names = COMPUTED.map(|name| format!("- {name}"));
            Ok(output::line(format!("Supported hashes are:\n{}", names.join("\n")))?)
        }
    }
}

fn unknown(hash: &str) -> anyhow::Error {
    Usage(format!("unknown hash type \"{hash}\": use one of {}", COMPUTED.join(", "))).into()
}

impl Sums {
    /// Prints or compares the hashes of the files in a path.
    pub(crate) async fn run(
        &self,
        resolved: &Resolved,
        hash: &str,
        path: &str,
    ) -> anyhow::Result<()> {
        let hash = hash.to_ascii_lowercase().replace("sha-", "sha");
        let Some(hasher) = Hasher::new(&hash) else { return Err(unknown(&hash)) };
        let sums = Source { context: resolved.context(), hash, hasher, download: self.download };
        match &self.checkfile {
            Some(file) => self.compare(resolved, &sums, path, file).await,
            None => self.print(resolved, &sums, path).await,
        }
    }

    async fn print(&self, resolved: &Resolved, sums: &Source, path: &str) -> anyhow::Result<()> {
        let mut listing = Listing::open(resolved, path, sums.context.options.max_depth).await?;
        let mut output: Box<dyn Write + Send> = match &self.output_file {
            Some(file) => Box::new(BufWriter::new(
                File::create(file).with_context(|| format!("failed to make {}", file.display()))?,
            )),
            None => Box::new(Output::new()),
        };
        while let Some(found) = listing.next_file().await {
            match sums.of(&listing.tree, &found.path).await {
                Ok(sum) => {
                    write!(output, "{}  ", self.text(&sum))?;
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

    async fn compare(
        &self,
        resolved: &Resolved,
        sums: &Source,
        path: &str,
        file: &std::path::Path,
    ) -> anyhow::Result<()> {
        let text =
            std::fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
        let mut wanted = parse(&text, file);
        let mut listing = Listing::open(resolved, path, sums.context.options.max_depth).await?;
        let mut output = Output::new();
        let mut summary = CheckSummary::default();
        let fail = |path: &Path, error: &Error| {
            sums.context.progress.event(Event::Failed { path, error });
        };
        while let Some(found) = listing.next_file().await {
            let Some(expected) = wanted.remove(&shown::path(&found.path)) else { continue };
            let problem = match sums.of(&listing.tree, &found.path).await {
                Ok(sum) if self.text(&sum).eq_ignore_ascii_case(&expected) => None,
                Ok(_) => Some(Error::new(ErrorKind::Other, "files differ")),
                Err(error) => Some(error),
            };
            let sign = if problem.is_some() { b"* " } else { b"= " };
            output.row(&[sign, &*shown::path(&found.path)].concat())?;
            match problem {
                None => summary.matches += 1,
                Some(error) => {
                    summary.differences += 1;
                    fail(&found.path, &error);
                }
            }
        }
        let names = (file.display().to_string(), shown::tree(&listing.tree));
        for name in wanted.keys() {
            let error = Error::new(ErrorKind::Other, format!("file not in {}", names.1));
            fail(&Path::new(name).unwrap_or_default(), &error);
            summary.missing_on_destination += 1;
            output.row(&[b"+ ", &**name].concat())?;
        }
        output.flush()?;
        listing.finish()?;
        conclude(resolved, summary, &names)
    }

    fn text(&self, sum: &[u8]) -> String {
        if self.base64 { BASE64_URL_SAFE.encode(sum) } else { shown::hex(sum) }
    }
}

/// Where hashes come from.
struct Source {
    context: Context,
    hash: String,
    /// A hasher that has seen nothing.
    hasher: Hasher,
    download: bool,
}

impl Source {
    async fn of(&self, tree: &Tree, path: &Path) -> sync_core::Result<Vec<u8>> {
        if !self.download {
            return tree.remote.hash(&tree.path(path), &self.hash).await;
        }
        let mut hasher = self.hasher.clone();
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

/// Reads a file of sums: a hash, two blanks (or a blank and `*`), a path.
fn parse(text: &[u8], file: &std::path::Path) -> std::collections::BTreeMap<Vec<u8>, String> {
    let mut sums = std::collections::BTreeMap::new();
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
                tracing::warn!("{}: improperly formatted checksum line {number}", file.display());
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
        let sums = parse(text, "sums".as_ref());
        let expected = [(b"a b".to_vec(), "00ff".into()), (b"dir/c".to_vec(), "11ee".into())];
        assert_eq!(sums, expected.into());
    }
}
