//! Flags that say which files take part.

use std::path::PathBuf;

use crate::values::{Limit, Size, Span};

/// Filters.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Filter")]
pub(crate) struct Filter {
    /// Take files that match this pattern, and no others; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include: Vec<String>,

    /// Read patterns to include from a file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) include_from: Vec<PathBuf>,

    /// Leave out files that match this pattern; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,

    /// Read patterns to exclude from a file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) exclude_from: Vec<PathBuf>,

    /// Leave out directories that hold a file of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) exclude_if_present: Vec<String>,

    /// Add a rule, such as "- *.bak" or "+ docs/**"; may be repeated
    #[arg(long, short, value_name = "RULE")]
    pub(crate) filter: Vec<String>,

    /// Read rules from a file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) filter_from: Vec<PathBuf>,

    /// Take just the files listed in this file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from: Vec<PathBuf>,

    /// As --files-from, with lines taken as they are
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from_raw: Vec<PathBuf>,

    /// As --files-from, with names parted by NUL
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from0: Vec<PathBuf>,

    /// Partition names by hash: K/N
    #[arg(long, value_name = "K/N")]
    pub(crate) hash_filter: Option<String>,

    /// Ignore case in patterns
    #[arg(long)]
    pub(crate) ignore_case: bool,

    /// Leave out files smaller than this
    #[arg(long, value_name = "SIZE", default_value = "off")]
    pub(crate) min_size: Size,

    /// Leave out files larger than this
    #[arg(long, value_name = "SIZE", default_value = "off")]
    pub(crate) max_size: Size,

    /// Leave out files younger than this
    #[arg(long, value_name = "DURATION", default_value = "off")]
    pub(crate) min_age: Span,

    /// Leave out files older than this
    #[arg(long, value_name = "DURATION", default_value = "off")]
    pub(crate) max_age: Span,

    /// How many levels of directories to go down; -1 for all
    #[arg(long, value_name = "N", default_value = "-1")]
    pub(crate) max_depth: Limit,
}

impl Filter {
    /// Tells whether anything is left out, depth apart.
    pub(crate) fn is_given(&self) -> bool {
        let patterns = [&self.include, &self.exclude, &self.exclude_if_present, &self.filter];
        let files = [
            &self.include_from,
            &self.exclude_from,
            &self.filter_from,
            &self.files_from,
            &self.files_from_raw,
            &self.files_from0,
        ];
        patterns.iter().any(|patterns| !patterns.is_empty())
            || files.iter().any(|files| !files.is_empty())
            || self.hash_filter.is_some()
            || [self.min_size, self.max_size].iter().any(|size| size.0.is_some())
            || [self.min_age, self.max_age].iter().any(|age| age.0.is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::args::tests::{parse, parse_words, refused};
    use crate::values::Limit;

    #[test]
    fn patterns_add_up() {
        let filter = parse("ls x --include *.jpg --include=*.png --exclude *.bak").filter;
        assert_eq!(filter.include, ["*.jpg", "*.png"]);
        assert_eq!(filter.exclude, ["*.bak"]);
        let filter = parse_words(&["ls", "x", "--filter", "- *.txt", "-f", "+ a"]).filter;
        assert_eq!(filter.filter, ["- *.txt", "+ a"]);
    }

    #[test]
    fn rules_come_from_files() {
        let filter = parse("ls x --filter-from f --include-from - --exclude-from e").filter;
        assert_eq!(filter.filter_from, [std::path::PathBuf::from("f")]);
        assert_eq!(filter.include_from, [std::path::PathBuf::from("-")]);
        assert_eq!(filter.exclude_from.len(), 1);
        let filter = parse("ls x --files-from a --files-from-raw b --files-from0 c").filter;
        assert_eq!(
            (filter.files_from.len(), filter.files_from_raw.len(), filter.files_from0.len()),
            (1, 1, 1)
        );
        assert_eq!(parse("ls x --exclude-if-present .no").filter.exclude_if_present, [".no"]);
    }

    #[test]
    fn sizes_and_ages_bound() {
        let filter = parse("ls x --min-size 1k --max-size 1G --min-age 1h --max-age 1d").filter;
        let shown = [filter.min_size, filter.max_size].map(|size| size.to_string());
        assert_eq!(shown, ["1Ki", "1Gi"]);
        let shown = [filter.min_age, filter.max_age].map(|age| age.to_string());
        assert_eq!(shown, ["1h0m0s", "24h0m0s"]);
        refused("ls x --min-size big", "not a size");
    }

    #[test]
    fn depth_is_unlimited_below_zero() {
        assert_eq!(parse("ls x --max-depth 2").filter.max_depth, Limit(Some(2)));
        assert_eq!(parse("ls x --max-depth -1").filter.max_depth, Limit(None));
        assert_eq!(parse("ls x").filter.max_depth, Limit(None));
    }

    #[test]
    fn depth_and_case_leave_nothing_out() {
        assert!(!parse("ls x --max-depth 1 --ignore-case").filter.is_given());
        for flag in ["--include a", "--filter-from f", "--min-age 1d", "--hash-filter 1/2"] {
            assert!(parse(&format!("ls x {flag}")).filter.is_given(), "{flag}");
        }
    }

    #[test]
    fn partitions_and_case() {
        let filter = parse("ls x --hash-filter 1/3 --ignore-case").filter;
        assert!(filter.ignore_case && filter.hash_filter.as_deref() == Some("1/3"));
    }
}
