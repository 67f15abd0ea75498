//! What every verb is given besides its trees: options, the filter, who listens, when to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::journal::is_journal;
use crate::progress::{Deed, Progress, Silent};
use crate::{Name, Path, Tree, filter::Filter};

pub use crate::backup::Backup;

/// What every verb is given besides its trees.
#[derive(Clone)]
pub struct Context {
    /// How to work.
    pub options: Options,
    /// Which files and directories take part.
    pub filter: Arc<Filter>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who is asked before each change, if anybody.
    pub confirm: Option<Arc<dyn Confirm>>,
    /// Cancelled when the user wants to stop: no new operation begins, what runs is given up.
    pub cancel: CancellationToken,
    /// How many bytes all runs with this context have transferred.
    pub moved: Arc<AtomicU64>,
    /// When the first of them began.
    pub begun: Instant,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            options: Options::default(),
            filter: Arc::default(),
            progress: Arc::new(Silent),
            confirm: None,
            cancel: CancellationToken::new(),
            moved: Arc::default(),
            begun: Instant::now(),
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Asks before a change, for `--interactive`.
pub trait Confirm: Send + Sync {
    /// Returns whether to do it. May block; called from a thread that may.
    fn confirm(&self, deed: Deed, path: &Path) -> Answer;
}

/// What the user answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave this one out.
    No,
    /// Stop the run.
    Quit,
}

/// How to work. The defaults are rclone's.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many files move at once.
    pub transfers: usize,
    /// How many directories are listed and files compared at once.
    pub checkers: usize,
    /// How often one operation is tried.
    pub low_level_retries: u32,
    /// How many transfers may wait for their turn.
    pub max_backlog: usize,
    /// Which of them comes first; none for the one that came first.
    pub order: Option<Order>,
    /// Whether transfers wait until everything was compared.
    pub check_first: bool,
    /// How many bytes may be transferred; none for no limit.
    pub max_transfer: Option<u64>,
    /// For how long transfers may begin; none for no limit.
    pub max_duration: Option<Duration>,
    /// What happens at these two limits.
    pub cutoff: Cutoff,
    /// Plan and tell, change nothing.
    pub dry_run: bool,
    /// How deep to go; none for all the way, 1 for the directory itself.
    pub max_depth: Option<usize>,
    /// Compare sizes only.
    pub size_only: bool,
    /// Compare hashes where both sides have one, else sizes.
    pub checksum: bool,
    /// Transfer all.
    pub ignore_times: bool,
    /// Leave what exists alone.
    pub ignore_existing: bool,
    /// Do not compare sizes.
    pub ignore_size: bool,
    /// Leave what is newer on the destination alone.
    pub update: bool,
    /// Times closer than this are equal.
    pub modify_window: Duration,
    /// Take names that differ in case for the same.
    pub ignore_case_sync: bool,
    /// Give files of the destination the source's spelling where it differs in case or form.
    pub fix_case: bool,
    /// Take names that differ in their form of Unicode for different ones.
    pub no_unicode_normalization: bool,
    /// Ask the destination for each file instead of listing it; sync lists all the same.
    pub no_traverse: bool,
    /// Copy everything without a look at the destination.
    pub no_check_destination: bool,
    /// Make directories of the source that hold nothing, too.
    pub create_empty_source_directories: bool,
    /// After a move, remove directories of the source that became empty.
    pub delete_empty_source_directories: bool,
    /// Tell of files that only the destination has, where they stay.
    pub tell_extras: bool,
    /// Delete though errors happened.
    pub ignore_errors: bool,
    /// Delete excluded files on the destination, too.
    pub delete_excluded: bool,
    /// Rename files of the destination that the source has elsewhere, if these have this in common.
    pub track_renames: Option<Tracking>,
    /// When the destination's extra files go.
    pub deletion: Deletion,
    /// How many files may be deleted; none for no limit.
    pub max_delete: Option<Quota>,
    /// How many bytes may be deleted; none for no limit.
    pub max_delete_bytes: Option<u64>,
    /// Where files go that would be deleted or replaced; none to let them go for good.
    pub backup: Option<Backup>,
    /// Where files may stand already that the destination lacks; none to look nowhere else.
    pub elsewhere: Option<Elsewhere>,
    /// Write under the final name at once.
    pub inplace: bool,
    /// The end of temporary names.
    pub partial_suffix: String,
    /// Where journals are kept, so that a run knows what earlier ones have done; none to do without.
    pub journal: Option<PathBuf>,
    /// The file in the destination's root that holds its journal, for whoever copies there next.
    pub journal_remote: Option<Name>,
    /// Do not set the time of files that are equal otherwise.
    pub no_update_modified: bool,
    /// Do not give directories the times they have on the source.
    pub no_update_directory_modified: bool,
    /// Set the time of a file whose size is the same, instead of copying it, where no hash can tell.
    pub refresh_times: bool,
    /// A changed file is an error, never replaced.
    pub immutable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            transfers: 4,
            checkers: 8,
            low_level_retries: 10,
            max_backlog: 10_000,
            order: None,
            check_first: false,
            max_transfer: None,
            max_duration: None,
            cutoff: Cutoff::default(),
            dry_run: false,
            max_depth: None,
            size_only: false,
            checksum: false,
            ignore_times: false,
            ignore_existing: false,
            ignore_size: false,
            update: false,
            modify_window: Duration::from_nanos(1),
            ignore_case_sync: false,
            fix_case: false,
            no_unicode_normalization: false,
            no_traverse: false,
            no_check_destination: false,
            create_empty_source_directories: false,
            delete_empty_source_directories: false,
            tell_extras: false,
            ignore_errors: false,
            delete_excluded: false,
            track_renames: None,
            deletion: Deletion::default(),
            max_delete: None,
            max_delete_bytes: None,
            backup: None,
            elsewhere: None,
            inplace: false,
            partial_suffix: ".partial".into(),
            journal: None,
            journal_remote: None,
            no_update_modified: false,
            no_update_directory_modified: false,
            refresh_times: false,
            immutable: false,
        }
    }
}

impl Options {
    /// Tells whether a file takes no part because it is a journal: `name` in this directory of a tree.
    pub(crate) fn hides(&self, directory: &Path, name: &Name) -> bool {
        let journal = self.journal_remote.as_ref().filter(|_| directory.is_root());
        journal.is_some_and(|journal| is_journal(journal, name))
    }
}

/// Where files may stand already: `--compare-dest` and `--copy-dest`.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Trees that may have a file under the path it would get, in the order they are asked.
    pub trees: Vec<Tree>,
    /// Whether the destination's remote copies what is found there, instead of doing without.
    pub copies: bool,
}

/// Which transfer comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// What is compared.
    pub by: OrderBy,
    /// Which end comes first.
    pub direction: Direction,
}

/// What an [`Order`] compares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderBy {
    /// The time of the source's file.
    Modified,
    /// The path.
    Name,
    /// The size of the source's file.
    Size,
}

/// Which end of an [`Order`] comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// The smallest, the oldest, the first of the alphabet.
    Ascending,
    /// The largest, the newest, the last of the alphabet.
    Descending,
    /// The smallest for so many of a hundred transfers at once, the largest for the others.
    Mixed(u8),
}

/// What happens when a limit on transfers is reached.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Cutoff {
    /// No transfer begins that would break the limit on bytes.
    Cautious,
    /// Transfers under way are cut, which is left to whoever cancels the run.
    #[default]
    Hard,
    /// No more transfers begin.
    Soft,
}

/// What a file and one elsewhere must have in common besides their size, to be taken for one that
/// was renamed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tracking {
    /// The hash of their content.
    pub hash: bool,
    /// Their name, in different directories.
    pub leaf: bool,
    /// Their time.
    pub modified: bool,
}

/// When the files go that only the destination has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Deletion {
    /// After all transfers, and only if nothing failed.
    #[default]
    After,
    /// Before the first transfer, which costs a walk of its own.
    Before,
    /// As each directory is compared; where their number is limited, after all transfers.
    During,
}

/// A limit on a number of files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quota {
    /// So many.
    Count(u64),
    /// So many of each hundred there are.
    Percent(u8),
}

impl Quota {
    /// Tells whether `count` of `total` files are more than this.
    pub fn is_exceeded_by(self, count: u64, total: u64) -> bool {
        match self {
            Self::Count(limit) => count > limit,
            Self::Percent(limit) => u128::from(count) * 100 > u128::from(total) * u128::from(limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_a_number_or_a_share() {
        assert!(!Quota::Count(2).is_exceeded_by(2, 2) && Quota::Count(2).is_exceeded_by(3, 9));
        assert!(
            !Quota::Percent(50).is_exceeded_by(1, 2) && Quota::Percent(50).is_exceeded_by(2, 3)
        );
        assert!(!Quota::Percent(0).is_exceeded_by(0, 0) && Quota::Percent(0).is_exceeded_by(1, 9));
    }
}
