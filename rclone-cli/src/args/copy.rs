//! Flags that say when a file is copied and how.

use crate::values::{CutoffMode, Ordering, Share, Size, Span, Strategy};

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

    /// Remember nothing on this machine, and continue no partial file of an earlier run
    #[arg(long)]
    pub(crate) no_journal: bool,

    /// Keep what was copied in this file of the destination's root, too, such as .rclone-journal: from
    /// a fresh checkout only what has changed is copied, as size and content tell
    #[arg(long, value_name = "NAME")]
    pub(crate) journal_remote: Option<sync_core::Name>,

    /// Do not set the time of files that are equal otherwise
    #[arg(long)]
    pub(crate) no_update_modtime: bool,

    /// Do not give directories the times they have on the source
    #[arg(long)]
    pub(crate) no_update_dir_modtime: bool,

    /// Set the time of files of the same size instead of copying them
    #[arg(long)]
    pub(crate) refresh_times: bool,

    /// Do not transfer what stands in this directory already; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) compare_dest: Vec<String>,

    /// Copy what stands in this directory of the same remote from there; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) copy_dest: Vec<String>,

    /// Make directories that are empty on the source, too
    #[arg(long)]
    pub(crate) create_empty_src_dirs: bool,

    /// Follow symbolic links: copy what they lead to
    #[arg(long, short = 'L')]
    pub(crate) copy_links: bool,

    /// Turn symbolic links into files with .rclonelink at their end, and such files into links
    #[arg(long, short)]
    pub(crate) links: bool,

    /// The same for this machine's links only
    #[arg(long, hide = true)]
    pub(crate) local_links: bool,

    /// Skip symbolic links without a word
    #[arg(long)]
    pub(crate) skip_links: bool,

    /// Take names that differ in case for the same
    #[arg(long)]
    pub(crate) ignore_case_sync: bool,

    /// Rename files of the destination that the source spells otherwise
    #[arg(long)]
    pub(crate) fix_case: bool,

    /// Take names that differ in their form of Unicode for different ones
    #[arg(long)]
    pub(crate) no_unicode_normalization: bool,

    /// Ask the destination for each file instead of listing it; not with sync
    #[arg(long)]
    pub(crate) no_traverse: bool,

    /// Copy everything without a look at the destination
    #[arg(long)]
    pub(crate) no_check_dest: bool,

    /// Transfer in this order: size, name or modtime, then ascending, descending or mixed
    #[arg(long, value_name = "ORDER")]
    pub(crate) order_by: Option<Ordering>,

    /// Compare everything before the first transfer
    #[arg(long)]
    pub(crate) check_first: bool,

    /// Most files waiting to be transferred
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) max_backlog: usize,

    /// Stop after transferring this much
    #[arg(long, value_name = "SIZE", default_value = "off")]
    pub(crate) max_transfer: Size,

    /// Stop after this time
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pub(crate) max_duration: Span,

    /// What these two limits do: cut transfers (hard), begin none (soft), or none too big (cautious)
    #[arg(long, value_name = "MODE", default_value = "hard", ignore_case = true)]
    pub(crate) cutoff_mode: CutoffMode,
}

/// Synchronising: what is deleted on the destination, and when.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Sync")]
pub(crate) struct Sync {
    /// Delete excluded files on the destination, too
    #[arg(long)]
    pub(crate) delete_excluded: bool,

    /// Delete though errors happened
    #[arg(long)]
    pub(crate) ignore_errors: bool,

    /// Most files to delete, or how many of a hundred as 50%; -1 for any number
    #[arg(long, value_name = "N", default_value = "-1")]
    pub(crate) max_delete: Share,

    /// Most bytes to delete
    #[arg(long, value_name = "SIZE", default_value = "off")]
    pub(crate) max_delete_size: Size,

    /// Delete after the transfers, if nothing failed (the default)
    #[arg(long)]
    pub(crate) delete_after: bool,

    /// Delete before the transfers
    #[arg(long)]
    pub(crate) delete_before: bool,

    /// Delete as directories are compared
    #[arg(long)]
    pub(crate) delete_during: bool,

    /// Rename files of the destination that have moved on the source instead of copying them
    #[arg(long)]
    pub(crate) track_renames: bool,

    /// What such files have in common besides their size: hash, modtime, leaf
    #[arg(long, value_name = "LIST", default_value = "hash")]
    pub(crate) track_renames_strategy: Strategy,

    /// Move what would be deleted or replaced to this directory of the same remote
    #[arg(long, value_name = "DIR")]
    pub(crate) backup_dir: Option<String>,

    /// Rename what would be deleted or replaced by adding this
    #[arg(long, value_name = "SUFFIX")]
    pub(crate) suffix: Option<String>,

    /// Put the suffix before the extension
    #[arg(long)]
    pub(crate) suffix_keep_extension: bool,
}

#[cfg(test)]
mod tests {
    use crate::args::tests::{parse, refused};
    use crate::values::Share;
    use sync_core::context::Quota;

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
        let times = parse("copy a b --no-update-dir-modtime --refresh-times").copy;
        assert!(times.no_update_dir_modtime && times.refresh_times);
        assert_eq!(copy.partial_suffix, ".tmp");
        assert!(copy.immutable && copy.no_update_modtime);
        assert!(parse("copy a b --create-empty-src-dirs").copy.create_empty_src_dirs);
        let copy = parse("copy a b --max-backlog 5 --max-transfer 1M").copy;
        assert_eq!(copy.max_backlog, 5);
        assert_eq!(copy.max_transfer.to_string(), "1Mi");
        assert_eq!(parse("copy a b --max-duration 1h").copy.max_duration.to_string(), "1h0m0s");
    }

    #[test]
    fn names_are_matched_as_told() {
        let copy = parse("copy a b --ignore-case-sync --fix-case --no-unicode-normalization").copy;
        assert!(copy.ignore_case_sync && copy.fix_case && copy.no_unicode_normalization);
        let copy = parse("copy a b --compare-dest c --compare-dest d --copy-dest e").copy;
        assert_eq!(
            (copy.compare_dest, copy.copy_dest),
            (vec!["c".into(), "d".into()], vec!["e".into()])
        );
        let copy = parse("copy a b --no-traverse --no-check-dest").copy;
        assert!(copy.no_traverse && copy.no_check_dest);
    }

    #[test]
    fn links_are_treated_as_told() {
        let copy = parse("copy a b -L --skip-links").copy;
        assert!(copy.copy_links && copy.skip_links && !copy.links && !copy.local_links);
        assert!(parse("copy a b -l").copy.links);
        assert!(parse("ls a --local-links").copy.local_links);
    }

    #[test]
    fn transfers_have_an_order_and_an_end() {
        let copy = parse("copy a b --order-by size,mixed,75 --check-first --cutoff-mode SOFT").copy;
        assert_eq!(copy.order_by.unwrap().to_string(), "size,mixed,75");
        assert!(copy.check_first && copy.cutoff_mode == crate::values::CutoffMode::Soft);
        refused("copy a b --order-by colour", "not an order");
        refused("copy a b --cutoff-mode gentle", "invalid value");
    }

    #[test]
    fn deletion_is_bounded() {
        let sync = parse("sync a b --max-delete 10 --ignore-errors").sync;
        assert!(sync.ignore_errors);
        assert_eq!(sync.max_delete, Share(Some(Quota::Count(10))));
        let sync = parse("sync a b --delete-excluded --max-delete-size 1M").sync;
        assert!(sync.delete_excluded);
        assert_eq!((sync.max_delete, sync.max_delete_size.0), (Share(None), Some(1 << 20)));
        let sync = parse("sync a b --max-delete 50%").sync;
        assert_eq!(sync.max_delete, Share(Some(Quota::Percent(50))));
        refused("sync a b --max-delete 101%", "not a number of files");
    }

    #[test]
    fn deletion_has_its_time_and_its_backup() {
        let sync = parse("sync a b --delete-before --backup-dir c --suffix .bak").sync;
        assert!(sync.delete_before && !sync.delete_during && !sync.delete_after);
        assert_eq!(sync.backup_dir.as_deref(), Some("c"));
        let sync_ = parse("sync a b --track-renames --track-renames-strategy modtime,leaf").sync;
        assert!(sync_.track_renames && sync_.track_renames_strategy.0.leaf);
        refused("sync a b --track-renames-strategy colour", "not a strategy");
        assert_eq!((sync.suffix.as_deref(), sync.suffix_keep_extension), (Some(".bak"), false));
    }
}
