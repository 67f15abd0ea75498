//! `rclone copyurl`: copies what a URL leads to, without a copy on this disk.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail};
use futures_util::{StreamExt as _, stream};
use sync_core::context::Context;
use sync_core::ops::{self, Failures};
use sync_core::{Error, ErrorKind, Event, Path, Tree};

use super::transfer::parent;
use crate::exit::{Usage, retried};
use crate::http::{Download, Http, is_temporary};
use crate::output;
use crate::resolve::Resolved;
use crate::values;

/// Copy the content of a URL to a file
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `http://…` or `https://…`; with --urls a file of lines `URL,NAME`
    pub(crate) url: String,

    /// The file to write; with --auto-filename or --urls the directory; - is standard output
    pub(crate) destination: Option<String>,

    /// Take the name from the URL, after redirections
    #[arg(long, short)]
    pub(crate) auto_filename: bool,

    /// Take the name from the header Content-Disposition where there is one
    #[arg(long)]
    pub(crate) header_filename: bool,

    /// Print the name that was taken
    #[arg(long, short)]
    pub(crate) print_filename: bool,

    /// Do not replace a file
    #[arg(long)]
    pub(crate) no_clobber: bool,

    /// Write to standard output
    #[arg(long)]
    pub(crate) stdout: bool,

    /// Read URLs, and names where there are some, from a file
    #[arg(long, conflicts_with_all = ["stdout", "print_filename"])]
    pub(crate) urls: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let http = Http::new(resolved)?;
    if args.stdout || args.destination.as_deref() == Some("-") {
        return print(&http, &args.url).await;
    }
    let Some(destination) = &args.destination else {
        return Err(Usage("name a destination, or use --stdout".into()).into());
    };
    let context = resolved.context();
    let copies = Copies { http: &http, context: &context, args: &args };
    if args.urls {
        let (tree, list) = (resolved.tree(destination)?, std::fs::read_to_string(&args.url));
        let list = list.with_context(|| format!("failed to read {}", args.url))?;
        return retried(resolved, async || copies.all(&list, &tree).await).await;
    }
    if args.auto_filename {
        let tree = resolved.tree(destination)?;
        return retried(resolved, async || copies.one(&args.url, None, &tree).await).await;
    }
    let (tree, name) = parent(resolved, destination)?;
    let name = Path::root().child(&name);
    retried(resolved, async || copies.one(&args.url, Some(&name), &tree).await).await
}

/// Writes what a URL leads to to standard output.
async fn print(http: &Http, url: &str) -> anyhow::Result<()> {
    let mut download = http.get(url).await?;
    match tokio::io::copy(&mut download.body, &mut output::stream()).await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        copied => copied.map(drop).with_context(|| format!("failed to copy {url}")),
    }
}

struct Copies<'a> {
    http: &'a Http,
    context: &'a Context,
    args: &'a Args,
}

impl Copies<'_> {
    /// Copies each URL of a list, `transfers` at once; one failure leaves the others alone.
    async fn all(&self, list: &str, tree: &Tree) -> Result<(), Failures> {
        let failed = AtomicU64::new(0);
        let last = std::sync::Mutex::new(None);
        let lines = list.lines().filter(|line| !line.trim().is_empty());
        let copy = async |line: &str| {
            if let Err(failures) = self.line(line, tree).await {
                failed.fetch_add(failures.count, Ordering::Relaxed);
                *last.lock().expect("no holder of the lock panics") = Some(failures.last);
            }
        };
        let limit = self.context.options.transfers.max(1);
        stream::iter(lines).for_each_concurrent(limit, copy).await;
        let last = last.into_inner().expect("no holder of the lock panics");
        last.map_or(Ok(()), |last| Err(Failures { count: failed.into_inner(), last }))
    }

    /// Copies one line of a list: `URL` or `URL,NAME`.
    async fn line(&self, line: &str, tree: &Tree) -> Result<(), Failures> {
        let mut fields = values::csv(line.trim()).into_iter();
        let url = fields.next().unwrap_or_default();
        let name = fields.next().filter(|name| !name.is_empty());
        let name = name.map(|name| path(&name)).transpose()?;
        self.one(url.trim(), name.as_ref(), tree).await
    }

    /// Copies one URL to a name of a tree; without one, to that of the URL.
    async fn one(&self, url: &str, name: Option<&Path>, tree: &Tree) -> Result<(), Failures> {
        let mut download = self.http.get(url).await.map_err(|error| self.failed(url, &error))?;
        let name = match name {
            Some(name) => name.clone(),
            None => self.found(&download).map_err(|error| self.failed(url, &error))?,
        };
        if self.args.print_filename {
            output::line(name.to_text()).map_err(|error| self.failed(url, &error.into()))?;
        }
        if self.args.no_clobber && tree.remote.stat(&tree.path(&name)).await?.is_some() {
            let message = "the file exists, and --no-clobber is set";
            return Err(Error::new(ErrorKind::Other, message).on(&name).into());
        }
        let Download { size, modified, body, .. } = &mut download;
        let modified = modified.or_else(|| Some(jiff::Timestamp::now()));
        ops::rcat(self.context, tree, &name, body, *size, modified).await
    }

    /// Returns the name that the header or the URL tells.
    fn found(&self, download: &Download) -> anyhow::Result<Path> {
        let told = download.file_name.as_deref().filter(|_| self.args.header_filename);
        match told.or_else(|| last_name(&download.path)) {
            Some(name) => Ok(path(name)?),
            None => bail!("the URL does not end in a file name (name one yourself)"),
        }
    }

    fn failed(&self, url: &str, error: &anyhow::Error) -> Failures {
        let kind = if is_temporary(error) { ErrorKind::Temporary } else { ErrorKind::Other };
        let message = crate::exit::chain(error);
        let message = if message.contains(url) { message } else { format!("{url}: {message}") };
        let error = Error::new(kind, message);
        self.context.progress.event(Event::Failed { path: &Path::root(), error: &error });
        error.into()
    }
}

/// Returns a name from elsewhere as a path below the destination.
fn path(name: &str) -> Result<Path, Error> {
    let path = Path::new(name.trim_start_matches('/').as_bytes());
    path.map_err(|error| {
        Error::new(ErrorKind::Usage, format!("cannot name a file {name:?}: {error}"))
    })
}

/// Returns the last component of a URL's path.
fn last_name(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|name| !name.is_empty() && *name != "." && *name != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_end_in_a_name() {
        assert_eq!(last_name("/a/b c.txt"), Some("b c.txt"));
        for none in ["/", "", "/a/", "/a/.."] {
            assert_eq!(last_name(none), None, "{none}");
        }
    }

    #[test]
    fn a_name_stays_below_the_destination() {
        assert_eq!(path("/a/b").unwrap().to_string(), "a/b");
        assert!(path("../b").is_err());
    }
}
