//! `rclone lsf`.

use std::io::Write as _;

use anyhow::bail;
use sync_core::Tree;
use sync_core::hash::named;
use sync_core::ops::Found;

use super::hashsum::unknown;
use super::listing::{Listing, depth};
use crate::output::Output;
use crate::resolve::Resolved;
use crate::{go_time, mime, shown};

/// List names in a form made for scripts
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// What to show: p path, s size, t time, h hash, m MIME type; i, o, T and M are empty
    #[arg(long, short = 'F', value_name = "LETTERS", default_value = "p")]
    pub(crate) format: String,

    /// What stands between the items
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) separator: Option<String>,

    /// Print comma-separated values
    #[arg(long)]
    pub(crate) csv: bool,

    /// Put a `/` in front of paths
    #[arg(long)]
    pub(crate) absolute: bool,

    /// Put a `/` behind directories
    #[arg(long, short, default_value = "true", default_missing_value = "true", num_args = 0..=1,
          require_equals = true, value_parser = crate::values::boolean)]
    pub(crate) dir_slash: bool,

    /// List directories only
    #[arg(long)]
    pub(crate) dirs_only: bool,

    /// List files only
    #[arg(long)]
    pub(crate) files_only: bool,

    /// Go down into the directories
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,

    /// The hash that h shows
    #[arg(long, value_name = "NAME", default_value = "md5")]
    pub(crate) hash: String,

    /// How to show times: a layout of Go, its name, unix, unixnano or max
    #[arg(long, short, value_name = "LAYOUT", default_value = "2006-01-02 15:04:05")]
    pub(crate) time_format: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    if args.format.contains('e') {
        bail!("the remote needs to be of type \"crypt\"");
    }
    if let Some(unknown) = args.format.chars().find(|&c| !"psthioemTM".contains(c)) {
        bail!("unknown format character '{unknown}'");
    }
    if named(&args.hash).is_none() {
        return Err(unknown(&args.hash));
    }
    let depth = depth(resolved, args.recursive);
    let mut listing = if args.format.contains('t') {
        Listing::open_with_times(resolved, &args.path, depth).await?
    } else {
        Listing::open(resolved, &args.path, depth).await?
    };
    let line = Line::new(&args, &listing.tree);
    let mut output = Output::new();
    while let Some(found) = listing.next().await {
        let unwanted = if found.entry.is_directory() { args.files_only } else { args.dirs_only };
        if !unwanted {
            output.row(&line.of(&listing.tree, &found).await)?;
        }
    }
    output.flush()?;
    listing.finish()
}

/// How an entry becomes a line.
struct Line<'a> {
    args: &'a Args,
    separator: &'a str,
    layout: &'a str,
    hash: &'static str,
}

impl<'a> Line<'a> {
    fn new(args: &'a Args, tree: &Tree) -> Self {
        let default = if args.csv { "," } else { ";" };
        let layout = match args.time_format.as_str() {
            "max" => finest(tree),
            name => go_time::named(name),
        };
        let separator = args.separator.as_deref().unwrap_or(default);
        Self { args, separator, layout, hash: named(&args.hash).unwrap_or_default() }
    }

    async fn of(&self, tree: &Tree, found: &Found) -> Vec<u8> {
        let mut fields = Vec::with_capacity(self.args.format.len());
        for letter in self.args.format.chars() {
            fields.push(self.field(letter, tree, found).await);
        }
        match self.separator.chars().next() {
            Some(separator) if self.args.csv => shown::csv(&fields, separator),
            _ => fields.join(self.separator.as_bytes()),
        }
    }

    async fn field(&self, letter: char, tree: &Tree, found: &Found) -> Vec<u8> {
        let Found { path, entry } = found;
        match letter {
            'p' => self.path(found),
            's' if entry.is_directory() => b"-1".to_vec(),
            's' => shown::size(entry).to_string().into_bytes(),
            't' => self.time(found).into_bytes(),
            'h' if !entry.is_directory() => {
                let hash = tree.remote.hash(&tree.path(path), self.hash).await;
                hash.map(|hash| shown::hex(&hash)).unwrap_or_default().into_bytes()
            }
            'm' => mime::of(entry).into_owned().into_bytes(),
            'M' => b"{}".to_vec(),
            _ => Vec::new(),
        }
    }

    fn path(&self, found: &Found) -> Vec<u8> {
        let slash = |wanted| if wanted { b"/".as_slice() } else { b"" };
        let path = shown::path(&found.path);
        let after = slash(self.args.dir_slash && found.entry.is_directory());
        [slash(self.args.absolute), &path, after].concat()
    }

    fn time(&self, found: &Found) -> String {
        let time = shown::time(&found.entry);
        match self.layout {
            "unix" => time.timestamp().as_second().to_string(),
            "unixnano" => time.timestamp().as_nanosecond().to_string(),
            layout => go_time::format(layout, &time),
        }
    }
}

/// Returns the layout that shows all that a remote's times tell.
fn finest(tree: &Tree) -> &'static str {
    match tree.remote.capability().read_precision {
        Some(precision) if precision.as_nanos() < 1_000_000_000 => "2006-01-02 15:04:05.000000000",
        _ => "2006-01-02 15:04:05",
    }
}
