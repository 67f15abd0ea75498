//! `rclone touch`.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sync_core::{Path, ops};

use super::listing::Listing;
use super::transfer::parent;
use crate::exit::retried;
use crate::resolve::Resolved;

/// Create a file or set its time
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// The time to set instead of now: 060102, 2006-01-02T15:04:05 or with a fraction
    #[arg(long, short, value_name = "TIME")]
    pub(crate) timestamp: Option<String>,

    /// Take the time for local time, not for UTC
    #[arg(long)]
    pub(crate) localtime: bool,

    /// Do not create a file that is not there
    #[arg(long, short = 'C')]
    pub(crate) no_create: bool,

    /// Set the time of all files below a directory, not just of those in it
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let time = match &args.timestamp {
        Some(text) => parse(text, args.localtime)?,
        None => Timestamp::now(),
    };
    let tree = resolved.tree(&args.path)?;
    match tree.remote.stat(&tree.root).await? {
        Some(entry) if entry.is_directory() => all(resolved, &args, time).await,
        None if args.recursive => {
            tracing::info!("Not touching non-existent file due to --recursive");
            Ok(())
        }
        _ => one(resolved, &args, time).await,
    }
}

async fn one(resolved: &Resolved, args: &Args, time: Timestamp) -> anyhow::Result<()> {
    let context = resolved.context();
    let (tree, name) = parent(resolved, &args.path)?;
    let path = Path::root().child(&name);
    retried(resolved, async || ops::touch(&context, &tree, &path, time, args.no_create).await).await
}

/// Touches the files of a directory; nobody can give the directory itself a time everywhere.
async fn all(resolved: &Resolved, args: &Args, time: Timestamp) -> anyhow::Result<()> {
    let context = resolved.context();
    let depth = if args.recursive { context.options.max_depth } else { Some(1) };
    let mut listing = Listing::open(resolved, &args.path, depth).await?;
    while let Some(found) = listing.next_file().await {
        if let Err(failures) = ops::touch(&context, &listing.tree, &found.path, time, true).await {
            listing.fail(failures.last);
        }
    }
    listing.finish()
}

/// Reads the forms of a time rclone knows.
fn parse(text: &str, local: bool) -> anyhow::Result<Timestamp> {
    let zone = if local { TimeZone::system() } else { TimeZone::UTC };
    let moment = match text.len() {
        6 => DateTime::strptime("%y%m%d %H:%M:%S", format!("{text} 00:00:00")),
        _ => DateTime::strptime("%Y-%m-%dT%H:%M:%S%.f", text),
    };
    let time = moment.and_then(|moment| moment.to_zoned(zone));
    let time = time.with_context(|| format!("failed to parse timestamp argument `{text}`"))?;
    Ok(time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_forms() {
        for (text, expected) in [
            ("200102", "2020-01-02T00:00:00Z"),
            ("2020-01-02T03:04:05", "2020-01-02T03:04:05Z"),
            ("2020-01-02T03:04:05.123456789", "2020-01-02T03:04:05.123456789Z"),
        ] {
            assert_eq!(parse(text, false).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        for text in ["", "20-01-02", "2020-13-02T03:04:05", "2020-01-02", "200132"] {
            let error = parse(text, false).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
