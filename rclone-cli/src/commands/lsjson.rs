//! `rclone lsjson`.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use sync_core::hash::{COMPUTED, named};
use sync_core::ops::Found;
use sync_core::{Entry, Error, ErrorKind, Kind, Path, Tree};

use super::listing::{Listing, depth};
use crate::output::Output;
use crate::resolve::Resolved;
use crate::{go_time, mime, shown};

/// List a path as JSON
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// List directories only
    #[arg(long)]
    pub(crate) dirs_only: bool,

    /// List files only
    #[arg(long)]
    pub(crate) files_only: bool,

    /// Show the hashes of files
    #[arg(long)]
    pub(crate) hash: bool,

    /// Show just this hash; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) hash_type: Vec<String>,

    /// Leave out MIME types
    #[arg(long)]
    pub(crate) no_mimetype: bool,

    /// Leave out times
    #[arg(long)]
    pub(crate) no_modtime: bool,

    /// Go down into the directories
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,

    /// Show what stands at the path itself, as one object
    #[arg(long)]
    pub(crate) stat: bool,

    /// Refused, as rclone does where nothing is encrypted
    #[arg(long, hide = true)]
    pub(crate) encrypted: bool,

    /// Accepted for rclone's sake: no remote here has metadata
    #[arg(long, short = 'M', hide = true)]
    pub(crate) metadata: bool,

    /// Accepted for rclone's sake: no remote here wraps another
    #[arg(long, hide = true)]
    pub(crate) original: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    if args.encrypted {
        bail!("the remote needs to be of type \"crypt\"");
    }
    if let Some(unknown) = args.hash_type.iter().find(|name| named(name).is_none()) {
        bail!("unknown hash type {unknown:?}: use one of {}", COMPUTED.join(", "));
    }
    if args.stat { stat(resolved, &args).await } else { list(resolved, &args).await }
}

async fn list(resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let depth = depth(resolved, args.recursive);
    let mut listing = if args.no_modtime {
        Listing::open(resolved, &args.path, depth).await?
    } else {
        Listing::open_with_times(resolved, &args.path, depth).await?
    };
    let mut output = Output::new();
    output.write_all(b"[\n")?;
    let mut first = true;
    while let Some(found) = listing.next().await {
        let unwanted = if found.entry.is_directory() { args.files_only } else { args.dirs_only };
        if unwanted {
            continue;
        }
        let fields = fields(args, &listing.tree, &found).await;
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let before = if first { "" } else { ",\n" };
        write!(output, "{before}{{{}}}", fields.join(","))?;
        first = false;
    }
    let finished = listing.finish();
    if finished.is_ok() {
        output.write_all(if first { b"]\n" } else { b"\n]\n" })?;
    }
    output.flush()?;
    finished
}

async fn stat(resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let (tree, file) = resolved.tree_or_file(&args.path).await?;
    let path = file.map_or_else(Path::root, |name| Path::root().child(&name));
    let at = tree.path(&path);
    let missing = || Error::new(ErrorKind::DirectoryNotFound, "directory not found").on(&args.path);
    let entry = tree.remote.stat(&at).await?.ok_or_else(missing)?;
    let found = Found { path, entry: if at.is_root() { root(entry) } else { entry } };
    let fields = fields(args, &tree, &found).await;
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| match *key {
            "Hashes" => format!("\t\"{key}\": {}", spread(value)),
            _ => format!("\t\"{key}\": {value}"),
        })
        .collect();
    crate::output::line(format!("{{\n{}\n}}", fields.join(",\n"))).context("failed to print")
}

/// Returns an object of names and hexadecimal digits with a line for each.
fn spread(object: &str) -> String {
    let pairs = object.trim_matches(['{', '}']).replace(",", ",\n\t\t").replace(":", ": ");
    format!("{{\n\t\t{pairs}\n\t}}")
}

/// The place where a remote starts has no time of its own.
fn root(entry: Entry) -> Entry {
    Entry { kind: Kind::Directory, size: None, ..entry }
}

/// Returns the keys and values of an entry, in rclone's order.
async fn fields(args: &Args, tree: &Tree, found: &Found) -> Vec<(&'static str, String)> {
    let Found { path, entry } = found;
    let shown_path = shown::path(path);
    let name = shown_path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let mut fields = vec![
        ("Path", shown::json(&shown_path)),
        ("Name", shown::json(name)),
        ("Size", shown::size(entry).to_string()),
    ];
    if !args.no_mimetype {
        fields.push(("MimeType", shown::json(mime::of(entry).as_bytes())));
    }
    let time = if args.no_modtime {
        String::new()
    } else {
        go_time::format(layout(tree), &shown::time_there(tree, entry))
    };
    fields.push(("ModTime", format!("\"{time}\"")));
    fields.push(("IsDir", entry.is_directory().to_string()));
    if (args.hash || !args.hash_type.is_empty()) && entry.is_file() {
        let hashes = hashes(args, tree, &tree.path(path)).await;
        if !hashes.is_empty() {
            let hashes: Vec<_> =
                hashes.iter().map(|(name, hash)| format!("\"{name}\":\"{hash}\"")).collect();
            fields.push(("Hashes", format!("{{{}}}", hashes.join(","))));
        }
    }
    fields
}

/// Returns the hashes the remote computes, by name.
async fn hashes(args: &Args, tree: &Tree, path: &Path) -> BTreeMap<&'static str, String> {
    let mut hashes = BTreeMap::new();
    for name in tree.remote.capability().hashes {
        let wanted = args.hash_type.is_empty()
            || args.hash_type.iter().any(|wanted| named(wanted) == Some(name));
        if wanted && let Ok(hash) = tree.remote.hash(path, name).await {
            hashes.insert(name, shown::hex(&hash));
        }
    }
    hashes
}

/// Returns the layout of times, with as many digits as the remote's times have.
fn layout(tree: &Tree) -> &'static str {
    match tree.remote.capability().read_precision.map(|precision| precision.as_nanos()) {
        Some(..1_000) => "2006-01-02T15:04:05.000000000Z07:00",
        Some(..1_000_000) => "2006-01-02T15:04:05.000000Z07:00",
        Some(..1_000_000_000) => "2006-01-02T15:04:05.000Z07:00",
        _ => go_time::RFC3339,
    }
}
