//! What the flags mean, worked out once: after this nobody looks at the command line again.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use sync_core::context::{Backup, Confirm, Context, Deletion, Elsewhere, Options};
use sync_core::filter::{self, Filter, ListForm};
use sync_core::{Name, Progress, Tree};
use tokio_util::sync::CancellationToken;

use crate::args::{self, Globals};
use crate::environment::Environment;
use crate::exit::{Fatal, Usage};
use crate::progress::{self, Display, Reporter};
use crate::remotes::Remotes;
use crate::stop::{self, Capped};
use crate::values::{CutoffMode, Size, Span};

/// A command line, resolved.
pub(crate) struct Resolved {
    pub(crate) globals: Globals,
    pub(crate) remotes: Remotes,
    options: Options,
    filter: Arc<Filter>,
    reporter: Arc<Reporter>,
    display: Mutex<Option<Display>>,
    confirm: Option<Arc<dyn Confirm>>,
    cancel: OnceLock<CancellationToken>,
}

impl Resolved {
    /// Works out what the flags mean.
    ///
    /// # Errors
    /// When they contradict each other, name files that cannot be read, or ask for what is missing.
    pub(crate) fn new(globals: Globals, environment: Environment) -> anyhow::Result<Self> {
        globals.foreign.heed()?;
        if globals.logging.quiet && globals.logging.verbose > 0 {
            return Err(Fatal("Can't set -v and -q".into()).into());
        }
        check(&globals.sync)?;
        let copy = &globals.copy;
        if !copy.compare_dest.is_empty() && !copy.copy_dest.is_empty() {
            return Err(Usage("can't use --compare-dest with --copy-dest".into()).into());
        }
        Ok(Self {
            options: options(&globals, &environment),
            filter: Arc::new(filter(&globals.filter)?),
            reporter: Arc::new(reporter(&globals)?),
            display: Mutex::default(),
            confirm: confirm(&globals.important),
            remotes: Remotes::new(&globals, environment),
            globals,
            cancel: OnceLock::new(),
        })
    }

    /// Takes over what `other` read of the config file.
    pub(crate) fn with_store_of(self, other: Self) -> Self {
        Self { remotes: self.remotes.with_store_of(other.remotes), ..self }
    }

    /// Returns what a verb of the engine is given. From here on progress is shown, and Ctrl-C stops
    /// the engine first and the process only when pressed again.
    pub(crate) fn context(&self) -> Context {
        let mut display = self.display.lock().unwrap_or_else(PoisonError::into_inner);
        display.get_or_insert_with(|| self.reporter.display());
        self.silent_context()
    }

    /// Returns the same for a verb that shows by itself how things stand.
    pub(crate) fn silent_context(&self) -> Context {
        let cancel = self.cancel.get_or_init(|| self.cancellation());
        let reporter = Arc::clone(&self.reporter) as Arc<dyn Progress>;
        Context {
            options: self.options.clone(),
            filter: Arc::clone(&self.filter),
            progress: match self.globals.copy.max_transfer {
                Size(Some(most)) if self.cuts_short() => {
                    Arc::new(Capped::new(reporter, most, cancel.clone()))
                }
                Size(_) => reporter,
            },
            confirm: self.confirm.clone(),
            cancel: cancel.clone(),
            ..Context::default()
        }
    }

    /// Tells whether limits on transfers cut those that are under way.
    fn cuts_short(&self) -> bool {
        self.globals.copy.cutoff_mode == CutoffMode::Hard
    }

    fn cancellation(&self) -> CancellationToken {
        let token = stop::by_signal();
        let longest = self.globals.copy.max_duration.or_zero();
        if !longest.is_zero() && self.cuts_short() {
            stop::after(longest, &token);
        }
        token
    }

    /// Returns who counts what the engine does.
    pub(crate) fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Ends what [`Resolved::context`] began to show, with the statistics where they are wanted.
    ///
    /// # Errors
    /// When they, or the report, cannot be written.
    pub(crate) fn finish_telling(&self, with_statistics: bool) -> anyhow::Result<()> {
        let display = self.display.lock().unwrap_or_else(PoisonError::into_inner).take();
        display.map_or(Ok(()), |display| display.finish(with_statistics))
    }

    /// Returns the tree a user calls `text`.
    ///
    /// # Errors
    /// When it names none, its remote is not configured, or its settings make no sense.
    pub(crate) fn tree(&self, text: &str) -> anyhow::Result<Tree> {
        let tree = self.remotes.tree(text)?;
        self.reporter.watch(&tree.remote);
        Ok(tree)
    }

    /// Returns where files go that a run to `destination` would delete or replace, if anywhere.
    ///
    /// # Errors
    /// As [`Resolved::tree`].
    pub(crate) fn backup(&self, destination: &Tree) -> anyhow::Result<Option<Backup>> {
        let flags = &self.globals.sync;
        let directory = flags.backup_dir.as_deref().filter(|directory| !directory.is_empty());
        let suffix = flags.suffix.clone().unwrap_or_default();
        let tree = match directory {
            Some(directory) => self.tree(directory)?,
            None if suffix.is_empty() => return Ok(None),
            None => destination.clone(),
        };
        Ok(Some(Backup { tree, suffix, keeps_extension: flags.suffix_keep_extension }))
    }

    /// Returns where files may stand already that a run would transfer, if anywhere.
    ///
    /// # Errors
    /// As [`Resolved::tree`].
    pub(crate) fn elsewhere(&self) -> anyhow::Result<Option<Elsewhere>> {
        let args::Copy { compare_dest, copy_dest, .. } = &self.globals.copy;
        let copies = !copy_dest.is_empty();
        let texts = if copies { copy_dest } else { compare_dest };
        let trees: Vec<Tree> =
            texts.iter().map(|text| self.tree(text)).collect::<Result<_, _>>()?;
        Ok((!trees.is_empty()).then_some(Elsewhere { trees, copies }))
    }

    /// Returns the tree a user calls `text`; or, where a file stands there, the tree it stands in
    /// and its name.
    ///
    /// # Errors
    /// As [`Resolved::tree`], and when the remote cannot be asked.
    pub(crate) async fn tree_or_file(&self, text: &str) -> anyhow::Result<(Tree, Option<Name>)> {
        let asked = self.remotes.tree_or_file(text);
        let (tree, file) = match self.cancel.get() {
            Some(cancel) => {
                let asked = cancel.run_until_cancelled(asked).await;
                asked.unwrap_or_else(|| Err(sync_core::Error::cancelled().into()))?
            }
            None => asked.await?,
        };
        self.reporter.watch(&tree.remote);
        Ok((tree, file))
    }

    /// Like [`Resolved::tree_or_file`], for verbs that filter what they find.
    ///
    /// # Errors
    /// As there, and when a file is named though filters are given.
    pub(crate) async fn source(&self, text: &str) -> anyhow::Result<(Tree, Option<Name>)> {
        match self.tree_or_file(text).await? {
            (_, Some(name)) if self.globals.filter.is_given() => {
                let message = format!("can't limit to single files when using filters: {name}");
                Err(Fatal(message).into())
            }
            found => Ok(found),
        }
    }

    /// Says goodbye to all servers.
    pub(crate) async fn shutdown(&self) {
        self.remotes.shutdown().await;
    }
}

fn reporter(globals: &Globals) -> anyhow::Result<Reporter> {
    let logging = &globals.logging;
    let reporter = Reporter::new(progress::Options {
        progress: logging.progress,
        interval: logging.stats.0.filter(|interval| !interval.is_zero()),
        one_line: logging.stats_one_line || logging.date_layout().is_some(),
        date_layout: logging.date_layout().map(str::to_owned),
        level: logging.stats_log_level,
        name_length: logging.stats_file_name_length,
        in_bits: logging.stats_unit == "bits",
        dry_run: globals.important.dry_run,
        interactive: globals.important.interactive,
    });
    match &logging.report {
        Some(file) => reporter.with_report(file),
        None => Ok(reporter),
    }
}

/// Returns who is asked before each change; a dry run makes none.
fn confirm(flags: &args::Important) -> Option<Arc<dyn Confirm>> {
    (flags.interactive && !flags.dry_run).then(|| Arc::new(progress::Prompt::on_terminal()) as _)
}

fn options(globals: &Globals, environment: &Environment) -> Options {
    let Globals { important, copy, sync, filter, performance, config, .. } = globals;
    let count = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    Options {
        transfers: performance.transfers,
        checkers: performance.checkers,
        low_level_retries: config.low_level_retries.max(1),
        max_backlog: copy.max_backlog.max(1),
        order: copy.order_by.map(|order| order.0),
        check_first: copy.check_first,
        max_transfer: copy.max_transfer.0,
        max_duration: copy.max_duration.0.filter(|longest| !longest.is_zero()),
        cutoff: copy.cutoff_mode.into(),
        ignore_case_sync: copy.ignore_case_sync,
        fix_case: copy.fix_case,
        no_unicode_normalization: copy.no_unicode_normalization,
        no_traverse: copy.no_traverse,
        no_check_destination: copy.no_check_dest,
        dry_run: important.dry_run,
        // Nothing down means everything, as in rclone.
        max_depth: filter.max_depth.0.filter(|depth| *depth > 0).map(count),
        size_only: copy.size_only,
        checksum: copy.checksum,
        ignore_times: copy.ignore_times,
        ignore_existing: copy.ignore_existing,
        ignore_size: copy.ignore_size,
        update: copy.update,
        modify_window: copy.modify_window.or_zero(),
        create_empty_source_directories: copy.create_empty_src_dirs,
        ignore_errors: sync.ignore_errors,
        delete_excluded: sync.delete_excluded,
        track_renames: sync.track_renames.then_some(sync.track_renames_strategy.0),
        deletion: deletion(sync),
        max_delete: sync.max_delete.0,
        max_delete_bytes: sync.max_delete_size.0,
        inplace: copy.inplace,
        partial_suffix: copy.partial_suffix.clone(),
        journal: cache(config, environment)
            .filter(|_| !copy.no_journal)
            .map(|dir| dir.join("journal")),
        journal_remote: copy.journal_remote.clone(),
        no_update_modified: copy.no_update_modtime,
        no_update_directory_modified: copy.no_update_dir_modtime,
        refresh_times: copy.refresh_times,
        immutable: copy.immutable,
        ..Options::default()
    }
}

/// Returns when deletions happen; two flags that contradict each other are refused by now.
fn deletion(flags: &args::Sync) -> Deletion {
    match flags {
        args::Sync { delete_before: true, .. } => Deletion::Before,
        args::Sync { delete_during: true, .. } => Deletion::During,
        _ => Deletion::After,
    }
}

/// Refuses what no run could do.
fn check(flags: &args::Sync) -> Result<(), Usage> {
    let times = [flags.delete_after, flags.delete_before, flags.delete_during];
    if times.into_iter().filter(|&given| given).count() > 1 {
        let message = "only one of --delete-before, --delete-during and --delete-after can be used";
        return Err(Usage(message.into()));
    }
    Ok(())
}

/// Returns the folder for what can be found out again, where there is one.
pub(crate) fn cache(flags: &args::Config, environment: &Environment) -> Option<PathBuf> {
    let directory = |name: &str| environment.var(name).map(PathBuf::from);
    let below_home = |path: &str| directory("HOME").map(|home| home.join(path));
    let default = || match () {
        () if cfg!(windows) => directory("LOCALAPPDATA"),
        () if cfg!(target_os = "macos") => below_home("Library/Caches"),
        () => directory("XDG_CACHE_HOME").or_else(|| below_home(".cache")),
    };
    flags.cache_dir.clone().or_else(|| Some(default()?.join("rclone")))
}

/// Puts the filter together in rclone's order, which decides between rules that contradict.
fn filter(flags: &args::Filter) -> anyhow::Result<Filter> {
    let mut filter = Filter::builder().ignore_case(flags.ignore_case);
    for glob in flags.include.iter().filter(|glob| !glob.is_empty()) {
        filter = filter.include(glob)?;
    }
    for path in &flags.include_from {
        filter = filter.include_from(&text(path)?)?;
    }
    for glob in flags.exclude.iter().filter(|glob| !glob.is_empty()) {
        filter = filter.exclude(glob)?;
    }
    for path in &flags.exclude_from {
        filter = filter.exclude_from(&text(path)?)?;
    }
    for rule in &flags.filter {
        filter = filter.rule(rule)?;
    }
    for path in &flags.filter_from {
        filter = filter.rules_from(&text(path)?)?;
    }
    if filter.mixes_includes_and_excludes() {
        tracing::error!(
            "Using --filter is recommended instead of both --include and --exclude as the order \
             they are parsed in is indeterminate"
        );
    }
    bounded(listed(filter, flags)?, flags)
}

/// Adds the lists of files and the marks of excluded directories.
fn listed(mut filter: filter::Builder, flags: &args::Filter) -> anyhow::Result<filter::Builder> {
    let forms = [
        (&flags.files_from, ListForm::Lines),
        (&flags.files_from_raw, ListForm::RawLines),
        (&flags.files_from0, ListForm::Nul),
    ];
    for (paths, form) in forms {
        for path in paths {
            filter = filter.files_from(&bytes(path)?, form)?;
        }
    }
    for name in &flags.exclude_if_present {
        filter = filter.exclude_if_present(name)?;
    }
    Ok(filter)
}

fn bounded(mut filter: filter::Builder, flags: &args::Filter) -> anyhow::Result<Filter> {
    if let Size(Some(bytes)) = flags.min_size {
        filter = filter.min_size(bytes);
    }
    if let Size(Some(bytes)) = flags.max_size {
        filter = filter.max_size(bytes);
    }
    if let Some(to) = before(flags.min_age) {
        filter = filter.modified_to(to);
    }
    if let Some(from) = before(flags.max_age) {
        filter = filter.modified_from(from);
    }
    if let Some(part) = &flags.hash_filter {
        filter = filter.hash_filter(part)?;
    }
    Ok(filter.build()?)
}

/// Returns the moment an age ago.
fn before(age: Span) -> Option<Timestamp> {
    let age = jiff::SignedDuration::try_from(age.0?).ok()?;
    Timestamp::now().checked_sub(age).ok()
}

fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(bytes(path)?).with_context(|| format!("{} is not UTF-8", path.display()))
}

/// Reads a file, or standard input for `-`.
fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("failed to read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use sync_core::context::Quota;

    use super::*;
    use crate::args::tests::parse;

    fn resolved(line: &str) -> anyhow::Result<Resolved> {
        Resolved::new(parse(line), Environment::default())
    }

    #[test]
    fn flags_become_options() {
        let line = "sync a b -n --transfers 9 --max-delete 3 --max-depth 2 \
                    --modify-window 2s --low-level-retries 0";
        let options = resolved(line).unwrap().options;
        assert!(options.dry_run);
        assert_eq!((options.transfers, options.max_delete), (9, Some(Quota::Count(3))));
        assert_eq!(options.max_depth, Some(2));
        assert_eq!(options.modify_window, std::time::Duration::from_secs(2));
        assert_eq!(options.low_level_retries, 1);
    }

    #[test]
    fn no_flags_are_the_engines_defaults() {
        let options = resolved("sync a b").unwrap().options;
        assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn the_journal_lives_in_the_cache() {
        let journal = |line: &str, variables: &[(&str, &str)]| {
            let environment = variables.iter().copied().collect();
            let journal = Resolved::new(parse(line), environment).unwrap().options.journal;
            journal.map(|folder| folder.display().to_string())
        };
        let (home, cache) = (("HOME", "/h"), ("XDG_CACHE_HOME", "/c"));
        if cfg!(target_os = "linux") {
            assert_eq!(journal("sync a b", &[home]).unwrap(), "/h/.cache/rclone/journal");
            assert_eq!(journal("sync a b", &[home, cache]).unwrap(), "/c/rclone/journal");
        }
        assert_eq!(journal("sync a b --cache-dir /x", &[home]).unwrap(), "/x/journal");
        assert_eq!(journal("sync a b --no-journal", &[home]), None);
        assert_eq!(journal("sync a b", &[]), None);
    }

    #[test]
    fn filters_come_from_flags_and_files() {
        let dir = tempfile::tempdir().unwrap();
        let rules = dir.path().join("rules");
        std::fs::write(&rules, "# mine\n- *.bak\n").unwrap();
        let line = format!("sync a b --exclude *.tmp --filter-from {}", rules.display());
        let filter = resolved(&line).unwrap().filter;
        let takes = |name: &str| filter.includes_file(&name.parse().unwrap(), Some(1), None);
        assert_eq!([takes("a.bak"), takes("a.tmp"), takes("a")], [false, false, true]);
        assert!(resolved("sync a b --filter-from /nowhere/rules").is_err());
        assert!(resolved("sync a b --filter x").is_err());
    }

    #[test]
    fn what_would_be_missed_is_refused() {
        let error = resolved("sync a b --name-transform c").err().unwrap();
        assert!(error.is::<Usage>() && error.to_string().contains("--name-transform"));
        let error = resolved("sync a b --delete-before --delete-after").err().unwrap();
        assert!(error.is::<Usage>());
    }

    #[test]
    fn a_backup_has_a_directory_or_stays_in_place() {
        let backup = |line: &str| {
            let resolved = resolved(line).unwrap();
            let destination = resolved.tree("/b").unwrap();
            let backup = resolved.backup(&destination).unwrap();
            backup.map(|it| (it.tree.root.to_string(), it.suffix, it.keeps_extension))
        };
        assert_eq!(backup("sync a /b"), None);
        let line = "sync a /b --backup-dir /c";
        assert_eq!(backup(line), Some(("/c".into(), String::new(), false)));
        let line = "sync a /b --suffix .bak --suffix-keep-extension";
        assert_eq!(backup(line), Some(("/b".into(), ".bak".into(), true)));
    }
}
