//! `rclone size`.

use sync_core::ops;

use super::listing::Listing;
use crate::output;
use crate::resolve::Resolved;
use crate::units;

/// Count the files of a path and their bytes
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let mut listing =
        Listing::open(resolved, &args.path, resolved.context().options.max_depth).await?;
    let mut total = ops::Size::default();
    while let Some(found) = listing.next_file().await {
        total.count += 1;
        total.bytes += found.entry.size.unwrap_or(0);
        total.sizeless += u64::from(found.entry.size.is_none());
    }
    listing.finish()?;
    output::line(if args.json { json(total) } else { text(total) })?;
    Ok(())
}

fn json(ops::Size { count, bytes, sizeless }: ops::Size) -> String {
    format!("{{\"count\":{count},\"bytes\":{bytes},\"sizeless\":{sizeless}}}")
}

fn text(ops::Size { count, bytes, sizeless }: ops::Size) -> String {
    let exact = |short: String, count: u64| {
        if short == count.to_string() { short } else { format!("{short} ({count})") }
    };
    let mut text = format!("Total objects: {}", exact(units::count(count), count));
    text += &format!("\nTotal size: {} ({bytes} Byte)", units::bytes(bytes));
    if sizeless > 0 {
        let sizeless = exact(units::count(sizeless), sizeless);
        text += &format!("\nTotal objects with unknown size: {sizeless}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_rclones() {
        let size = |count, bytes, sizeless| ops::Size { count, bytes, sizeless };
        assert_eq!(text(size(2, 1536, 0)), "Total objects: 2\nTotal size: 1.500 KiB (1536 Byte)");
        assert_eq!(
            text(size(1235, 0, 1)),
            "Total objects: 1.235k (1235)\nTotal size: 0 B (0 Byte)\n\
             Total objects with unknown size: 1"
        );
        assert_eq!(json(size(1, 1536, 0)), r#"{"count":1,"bytes":1536,"sizeless":0}"#);
    }
}
