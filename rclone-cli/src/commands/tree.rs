//! `rclone tree`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::Context as _;
use jiff::Zoned;
use sync_core::ops::Found;
use sync_core::{Entry, Path, Tree};

use super::listing::Listing;
use crate::exit::Usage;
use crate::output::Output;
use crate::resolve::Resolved;
use crate::shown;

/// Show a path as a tree
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Show names that begin with a dot, too
    #[arg(long, short)]
    pub(crate) all: bool,

    /// Show directories only
    #[arg(long, short)]
    pub(crate) dirs_only: bool,

    /// Show directories before files
    #[arg(long)]
    pub(crate) dirsfirst: bool,

    /// Show whole paths
    #[arg(long)]
    pub(crate) full_path: bool,

    /// How many levels to go down
    #[arg(long, value_name = "N")]
    pub(crate) level: Option<usize>,

    /// Show times
    #[arg(long, short = 'D')]
    pub(crate) modtime: bool,

    /// Draw no lines
    #[arg(long)]
    pub(crate) noindent: bool,

    /// Leave out the counts at the end
    #[arg(long)]
    pub(crate) noreport: bool,

    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<std::path::PathBuf>,

    /// Show the permissions files would have
    #[arg(long, short)]
    pub(crate) protections: bool,

    /// Put names in double quotes
    #[arg(long, short = 'Q')]
    pub(crate) quote: bool,

    /// Show sizes
    #[arg(long, short)]
    pub(crate) size: bool,

    /// Sort by name, size or mtime
    #[arg(long, value_name = "KEY")]
    pub(crate) sort: Option<String>,

    /// Sort by time
    #[arg(long, short = 't', alias = "sort-ctime")]
    pub(crate) sort_modtime: bool,

    /// Sort the other way round
    #[arg(long, short = 'r')]
    pub(crate) sort_reverse: bool,

    /// Do not sort
    #[arg(long, short = 'U')]
    pub(crate) unsorted: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let order = Order::new(&args)?;
    let depth = args.level.or_else(|| resolved.context().options.max_depth);
    let mut listing = if args.modtime || order.key == Key::Modified {
        Listing::open_with_times(resolved, &args.path, depth).await?
    } else {
        Listing::open(resolved, &args.path, depth).await?
    };
    let mut children: HashMap<Path, Vec<Found>> = HashMap::new();
    while let Some(found) = listing.next().await {
        let hidden = !args.all && found.entry.name.as_bytes().starts_with(b".");
        if !hidden && (found.entry.is_directory() || !args.dirs_only) {
            let parent = found.path.parent().unwrap_or_default();
            children.entry(parent).or_default().push(found);
        }
    }
    if children.is_empty() && listing.has_failed() {
        return listing.finish();
    }
    for siblings in children.values_mut() {
        order.sort(siblings);
    }
    let mut output: Box<dyn Write> = match &args.output {
        Some(file) => Box::new(BufWriter::new(
            File::create(file).with_context(|| format!("failed to make {}", file.display()))?,
        )),
        None => Box::new(Output::new()),
    };
    let mut drawing =
        Drawing { args: &args, tree: &listing.tree, children, output: &mut output, counts: [0, 0] };
    drawing.draw()?;
    output.flush()?;
    listing.finish()
}

/// How siblings are sorted.
struct Order {
    key: Key,
    directories_first: bool,
    reverse: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Key {
    Modified,
    Name,
    Size,
    Unsorted,
}

impl Order {
    fn new(args: &Args) -> anyhow::Result<Self> {
        let key = match args.sort.as_deref() {
            _ if args.unsorted => Key::Unsorted,
            _ if args.sort_modtime => Key::Modified,
            None | Some("name" | "version") => Key::Name,
            Some("mtime" | "ctime") => Key::Modified,
            Some("size") => Key::Size,
            Some(other) => {
                return Err(
                    Usage(format!("sort type '{other}' not valid: name, size, mtime")).into()
                );
            }
        };
        let directories_first = args.dirsfirst && !args.unsorted;
        Ok(Self { key, directories_first, reverse: args.sort_reverse })
    }

    fn sort(&self, siblings: &mut [Found]) {
        siblings.sort_by(|a, b| {
            let (a, b) = (&a.entry, &b.entry);
            let order = match self.key {
                Key::Modified => shown::time(a).cmp(&shown::time(b)),
                Key::Size => a.size.cmp(&b.size),
                Key::Name => Ordering::Equal,
                Key::Unsorted => return Ordering::Equal,
            };
            let order = order.then_with(|| a.name.cmp(&b.name));
            let order = if self.reverse { order.reverse() } else { order };
            if self.directories_first {
                b.is_directory().cmp(&a.is_directory()).then(order)
            } else {
                order
            }
        });
    }
}

struct Drawing<'a, W> {
    args: &'a Args,
    tree: &'a Tree,
    children: HashMap<Path, Vec<Found>>,
    output: &'a mut W,
    /// Directories and files drawn.
    counts: [u64; 2],
}

impl<W: Write> Drawing<'_, W> {
    fn draw(&mut self) -> std::io::Result<()> {
        let whole = self.bytes_below(&Path::root());
        self.row("", b"/", &self.details(whole, None))?;
        self.below(&Path::root(), "")?;
        if !self.args.noreport {
            let [directories, files] = self.counts;
            write!(self.output, "\n{directories} directories")?;
            if !self.args.dirs_only {
                write!(self.output, ", {files} files")?;
            }
            self.output.write_all(b"\n")?;
        }
        Ok(())
    }

    fn below(&mut self, directory: &Path, indent: &str) -> std::io::Result<()> {
        let siblings = self.children.remove(directory).unwrap_or_default();
        let last = siblings.len().saturating_sub(1);
        for (i, Found { path, entry }) in siblings.iter().enumerate() {
            let (branch, bar) =
                if i == last { ("└── ", "    ") } else { ("├── ", "│   ") };
            let shown_path = shown::path(path);
            let name = match shown_path.iter().rposition(|&byte| byte == b'/') {
                Some(slash) if !self.args.full_path => shown_path[slash + 1..].to_vec(),
                _ if self.args.full_path => [b"/", &*shown_path].concat(),
                _ => shown_path,
            };
            let details = if entry.is_directory() {
                self.details(self.bytes_below(path), None)
            } else {
                self.details(shown::size(entry), Some(entry))
            };
            self.row(&format!("{indent}{branch}"), &name, &details)?;
            self.counts[usize::from(!entry.is_directory())] += 1;
            self.below(path, &format!("{indent}{bar}"))?;
        }
        Ok(())
    }

    /// Returns the size of all files below a directory that are not drawn yet.
    fn bytes_below(&self, directory: &Path) -> i64 {
        let siblings = self.children.get(directory).map(Vec::as_slice).unwrap_or_default();
        let size = |Found { path, entry }: &Found| match entry.is_directory() {
            true => self.bytes_below(path),
            false => shown::size(entry).max(0),
        };
        if self.args.size { siblings.iter().map(size).sum() } else { 0 }
    }

    fn row(&mut self, indent: &str, name: &[u8], details: &str) -> std::io::Result<()> {
        if !self.args.noindent {
            self.output.write_all(indent.as_bytes())?;
        }
        self.output.write_all(details.as_bytes())?;
        let quote: &[u8] = if self.args.quote { b"\"" } else { b"" };
        self.output.write_all(&[quote, name, quote, b"\n"].concat())
    }

    /// Returns `[       size date]  ` as far as it is wanted; only files have a date.
    fn details(&self, size: i64, file: Option<&Entry>) -> String {
        let mut details = Vec::new();
        if self.args.protections && file.is_some() {
            details.push("-rw-rw-rw-".to_owned());
        }
        if self.args.size {
            details.push(format!("{size:>11}"));
        }
        if let Some(entry) = file.filter(|_| self.args.modtime) {
            details.push(date(&shown::time_there(self.tree, entry), &Zoned::now()));
        }
        if details.is_empty() { String::new() } else { format!("[{}]  ", details.join(" ")) }
    }
}

/// Returns a date with the hour where it is of the last half year, else with the year.
fn date(time: &Zoned, now: &Zoned) -> String {
    let age = now.duration_since(time).as_hours();
    let recent = (0..182 * 24).contains(&age);
    time.strftime(if recent { "%b %d %H:%M" } else { "%b %d  %Y" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_dates_have_a_year() {
        let now: Zoned = "2026-11-22T17:05:00Z[UTC]".parse().unwrap();
        let shown = |text: &str| date(&text.parse().unwrap(), &now);
        assert_eq!(shown("2026-11-22T17:04:00Z[UTC]"), "Nov 22 17:04");
        assert_eq!(shown("2021-06-07T08:09:10Z[UTC]"), "Jun 07  2021");
        assert_eq!(shown("2027-01-01T00:00:00Z[UTC]"), "Jan 01  2027");
    }
}
