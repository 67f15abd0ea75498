//! Flags that say when a file is copied and how.

use crate::values::{Limit, Size, Span};

/// Copying.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Copy")]
pub(crate) struct Copy {
    /// Compare size and hash, or size alone where there is no common hash
    #[arg(long, short)]
    pub(crate) checksum: bool,

    /// Compare sizes only
    #[arg(long)]
    pub(crate) size_only: bool,

    /// Transfer all, equal or not
    #[arg(long, short = 'I')]
    pub(crate) ignore_times: bool,

    /// Skip all that exists on the destination
    #[arg(long)]
    pub(crate) ignore_existing: bool,

    /// Do not compare sizes
    #[arg(long)]
    pub(crate) ignore_size: bool,

    /// Skip what is newer on the destination
    #[arg(long, short)]
    pub(crate) update: bool,

    /// Times closer than this are equal
    #[arg(long, value_name = "DURATION", default_value = "1ns")]
    pub(crate) modify_window: Span,

    /// Fail instead of replacing a changed file
    #[arg(long)]
    pub(crate) immutable: bool,

    /// Write under the final name at once, not under a temporary one
    #[arg(long)]
    pub(crate) inplace: bool,

    /// End of temporary names
    #[arg(long, value_name = "SUFFIX", default_value = ".partial")]
    pub(crate) partial_suffix: String,

    /// Do not set the time of files that are equal otherwise
    #[arg(long)]
    pub(crate) no_update_modtime: bool,

    /// Make directories that are empty on the source, too
    #[arg(long)]
    pub(crate) create_empty_src_dirs: bool,

    /// Most files waiting to be transferred
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) max_backlog: usize,

    /// Stop after transferring this much
    #[arg(long, value_name = "SIZE", default_value = "off")]
    pub(crate) max_transfer: Size,

    /// Stop after this time
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pub(crate) max_duration: Span,
}

/// Synchronising: what is deleted on the destination, always after the transfers.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Sync")]
pub(crate) struct Sync {
    /// Delete excluded files on the destination, too
    #[arg(long)]
    pub(crate) delete_excluded: bool,

    /// Delete though errors happened
    #[arg(long)]
    pub(crate) ignore_errors: bool,

    /// Most files to delete; -1 for any number
    #[arg(long, value_name = "N", default_value = "-1")]
    pub(crate) max_delete: Limit,
}

#[cfg(test)]
mod tests {
    use crate::args::tests::{parse, refused};
    use crate::values::Limit;

    #[test]
    fn comparison_is_chosen() {
        let copy = parse("copy a b -c --size-only -I -u").copy;
        assert!(copy.checksum && copy.size_only && copy.ignore_times && copy.update);
        let copy = parse("copy a b --ignore-existing --ignore-size --modify-window 2s").copy;
        assert!(copy.ignore_existing && copy.ignore_size);
        assert_eq!(copy.modify_window.to_string(), "2s");
        assert_eq!(parse("copy a b").copy.modify_window.to_string(), "1ns");
    }

    #[test]
    fn a_flag_can_be_unset() {
        assert!(parse("copy a b --inplace=true").copy.inplace);
        assert!(!parse("copy a b --inplace=false").copy.inplace);
        assert!(!parse("copy a b -c -c=false").copy.checksum);
        refused("copy a b --inplace=maybe", "not a boolean");
    }

    #[test]
    fn writing_has_its_flags() {
        let copy = parse("copy a b --partial-suffix .tmp --immutable --no-update-modtime").copy;
        assert_eq!(copy.partial_suffix, ".tmp");
        assert!(copy.immutable && copy.no_update_modtime);
        assert!(parse("copy a b --create-empty-src-dirs").copy.create_empty_src_dirs);
        let copy = parse("copy a b --max-backlog 5 --max-transfer 1M").copy;
        assert_eq!(copy.max_backlog, 5);
        assert_eq!(copy.max_transfer.to_string(), "1Mi");
        assert_eq!(parse("copy a b --max-duration 1h").copy.max_duration.to_string(), "1h0m0s");
    }

    #[test]
    fn deletion_is_bounded() {
        let sync = parse("sync a b --max-delete 10 --ignore-errors").sync;
        assert!(sync.ignore_errors);
        assert_eq!(sync.max_delete, Limit(Some(10)));
        let sync = parse("sync a b --delete-excluded").sync;
        assert!(sync.delete_excluded);
        assert_eq!(sync.max_delete, Limit(None));
    }
}
