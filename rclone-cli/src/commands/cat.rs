//! `rclone cat`.

use sync_core::ops::{self, Found};

use super::listing::Listing;
use crate::exit::{Fatal, Usage};
use crate::output;
use crate::resolve::Resolved;

/// Write files to standard output
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Print just the first N bytes
    #[arg(long, value_name = "N")]
    pub(crate) head: Option<u64>,

    /// Print just the last N bytes
    #[arg(long, value_name = "N")]
    pub(crate) tail: Option<u64>,

    /// Begin at byte N; from the end where it is negative
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: i64,

    /// Print just N bytes; -1 for all
    #[arg(long, value_name = "N", default_value_t = -1)]
    pub(crate) count: i64,

    /// Read all, print nothing
    #[arg(long)]
    pub(crate) discard: bool,

    /// What to print after each file
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) separator: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let part = Part::new(&args)?;
    let context = resolved.context();
    let mut listing = Listing::open(resolved, &args.path, context.options.max_depth).await?;
    while let Some(found) = listing.next_file().await {
        let (offset, length) = part.of(&found);
        let tree = &listing.tree;
        let result = if args.discard {
            let mut nowhere = tokio::io::sink();
            ops::cat(&context, tree, &found.path, offset, length, &mut nowhere).await
        } else {
            let mut output = output::stream();
            ops::cat(&context, tree, &found.path, offset, length, &mut output).await
        };
        if let Err(failures) = result {
            if output::nobody_reads(&failures.last) {
                return Ok(());
            }
            listing.fail(failures.last);
        } else if !args.discard {
            output::write(args.separator.as_bytes())?;
        }
    }
    listing.finish()
}

/// Which bytes of each file to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Part {
    /// Counted from the end where negative.
    offset: i64,
    length: Option<u64>,
}

impl Part {
    fn new(args: &Args) -> anyhow::Result<Self> {
        let count = u64::try_from(args.count).ok();
        // Nothing is no limit, as in rclone.
        let [head, tail] = [args.head, args.tail].map(|count| count.filter(|&count| count > 0));
        let ways = [head.is_some(), tail.is_some(), args.offset != 0 || count.is_some()];
        if ways.iter().filter(|&&given| given).count() > 1 {
            let message = "Can only use one of  --head, --tail or --offset with --count";
            return Err(Fatal(message.into()).into());
        }
        let offset = match tail.map(i64::try_from) {
            Some(Ok(tail)) => -tail,
            Some(Err(_)) => return Err(Usage("--tail is too large".into()).into()),
            None => args.offset,
        };
        Ok(Self { offset, length: head.or(count) })
    }

    /// Returns where to begin and how much to read. The end of a file of unknown size is not known
    /// either: all of it is printed.
    fn of(self, found: &Found) -> (u64, Option<u64>) {
        let from_end = self.offset.unsigned_abs();
        let offset = match found.entry.size {
            _ if self.offset >= 0 => from_end,
            Some(size) => size.saturating_sub(from_end),
            None => 0,
        };
        // Nothing to read is no reason to ask for a range that is not there.
        let left = found.entry.size.map(|size| size.saturating_sub(offset));
        let length = match (self.length, left) {
            (Some(length), Some(left)) => Some(length.min(left)),
            (None, Some(0)) => Some(0),
            (length, _) => length,
        };
        (offset, length)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use sync_core::{Entry, Kind, Path};

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn part(flags: &str) -> anyhow::Result<Part> {
        let words = ["cat", "path"].into_iter().chain(flags.split_whitespace());
        Part::new(&Line::parse_from(words).args)
    }

    #[track_caller]
    fn check(flags: &str, size: Option<u64>, expected: (u64, Option<u64>)) {
        let entry = Entry { name: "a".parse().unwrap(), kind: Kind::File, size, ..Entry::root() };
        let found = Found { path: Path::root(), entry };
        assert_eq!(part(flags).unwrap().of(&found), expected, "{flags}");
    }

    #[test]
    fn a_part_is_where_the_flags_say() {
        check("", Some(10), (0, None));
        check("--head 3", Some(10), (0, Some(3)));
        check("--tail 3", Some(10), (7, None));
        check("--tail 30", Some(10), (0, None));
        check("--offset 4 --count 2", Some(10), (4, Some(2)));
        check("--offset=-4 --count 2", Some(10), (6, Some(2)));
        check("--offset 40", Some(10), (40, Some(0)));
        check("--head 30", Some(10), (0, Some(10)));
        check("--head 3", None, (0, Some(3)));
        check("--tail 3", None, (0, None));
        check("--head 0 --tail 0", Some(10), (0, None));
    }

    #[test]
    fn ways_to_name_a_part_exclude_each_other() {
        assert!(part("--head 1 --tail 1").is_err());
        assert!(part("--head 1 --offset 1").is_err());
    }
}
