//! What one side holds in one directory: listed, or asked for name by name where only some names
//! matter.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::context::Context;
use crate::entry::{Doubt, Entry};
use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::partial::Partials;
use crate::path::{Name, Path};
use crate::progress::Event;
use crate::remote::Tree;
use crate::retry::retry;
use crate::walk::names;

/// What one side holds in one directory.
#[derive(Debug)]
pub enum Side {
    /// There is no such directory, or nobody asked.
    Absent,
    /// Only certain names were asked for; these are there. Whether the directory is, shows only
    /// where a file was found. Directories are taken to be there.
    Asked(Vec<Entry>),
    /// It could not be listed.
    Failed(Error),
    /// It was listed.
    Listed {
        /// The entries that pass the filter, in byte order of their names, each name once.
        entries: Vec<Entry>,
        /// What was listed and not understood.
        doubts: Vec<Doubt>,
        /// Files on their way that take no part.
        partials: Vec<Entry>,
        /// Whether it holds more, which takes no part.
        hides: bool,
    },
}

impl Side {
    /// Returns the entries; none unless listed.
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::Listed { entries, .. } | Self::Asked(entries) => entries,
            Self::Absent | Self::Failed(_) => &[],
        }
    }

    /// Returns the entries and the doubts; none where there is no such directory.
    ///
    /// # Errors
    /// Why it could not be listed.
    pub fn into_listing(self) -> Result<(Vec<Entry>, Vec<Doubt>)> {
        match self {
            Self::Absent => Ok((Vec::new(), Vec::new())),
            Self::Asked(entries) => Ok((entries, Vec::new())),
            Self::Failed(error) => Err(error),
            Self::Listed { entries, doubts, .. } => Ok((entries, doubts)),
        }
    }

    /// Returns the entries; none unless listed.
    pub fn into_entries(self) -> Vec<Entry> {
        match self {
            Self::Listed { entries, .. } | Self::Asked(entries) => entries,
            Self::Absent | Self::Failed(_) => Vec::new(),
        }
    }

    /// Returns the doubts; none unless listed.
    pub fn doubts(&self) -> &[Doubt] {
        match self {
            Self::Listed { doubts, .. } => doubts,
            Self::Absent | Self::Asked(_) | Self::Failed(_) => &[],
        }
    }

    /// Tells whether the directory itself may have to be made.
    pub fn may_be_absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Asked(entries) => !entries.iter().any(Entry::is_file),
            Self::Failed(_) | Self::Listed { .. } => false,
        }
    }

    /// Tells whether the directory is known to hold more than the entries, the doubts and the files
    /// on their way.
    pub fn hides_something(&self) -> bool {
        matches!(self, Self::Listed { hides: true, .. })
    }

    /// Takes note that what lies below the directories is not looked at.
    pub(super) fn hide_below(&mut self) {
        if let Self::Listed { entries, hides, .. } = self {
            *hides |= entries.iter().any(Entry::is_directory);
        }
    }

    pub(super) fn take_partials(&mut self) -> Vec<Entry> {
        match self {
            Self::Listed { partials, .. } => std::mem::take(partials),
            Self::Absent | Self::Asked(_) | Self::Failed(_) => Vec::new(),
        }
    }

    pub(super) fn entries_mut(&mut self) -> Option<&mut Vec<Entry>> {
        match self {
            Self::Listed { entries, .. } | Self::Asked(entries) => Some(entries),
            Self::Absent | Self::Failed(_) => None,
        }
    }
}

/// What a directory that is not there means.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Absence {
    Fails,
    Passes,
}

/// Which part of a directory is looked at, and how.
pub(super) struct Scope<'a> {
    ctx: &'a Context,
    tree: Option<&'a Tree>,
    /// The directory as the filter knows it.
    directory: &'a Path,
    /// The directory on this side.
    at: &'a Path,
    way: Way,
    /// What knows files on their way, where these take no part.
    partials: Option<&'a Partials>,
    /// What is remembered of the files there.
    journal: Option<&'a Arc<Journal>>,
    /// Whether times may be coarser than the remote could list them.
    brief: bool,
}

/// How a directory is looked at.
enum Way {
    /// Asked for the names that `--files-from` gives.
    Named { files: Vec<Name>, directories: Vec<Name> },
    /// Listed, all of it.
    Whole,
    /// Listed, and filtered.
    Filtered,
    /// Asked for what the source has.
    AsSource,
}

impl<'a> Scope<'a> {
    pub(super) fn source(ctx: &'a Context, tree: Option<&'a Tree>, directory: &'a Path) -> Self {
        let way = named(ctx, directory);
        let (partials, journal) = (None, None);
        Self { ctx, tree, directory, at: directory, way, partials, journal, brief: false }
    }

    /// Returns how to look at the destination, of which deletions (`extras`) must know more.
    pub(super) fn destination(
        ctx: &'a Context,
        tree: Option<&'a Tree>,
        (directory, at): (&'a Path, &'a Path),
        extras: bool,
    ) -> Self {
        let options = &ctx.options;
        let way = match named(ctx, directory) {
            _ if options.delete_excluded => Way::Whole,
            Way::Filtered if options.no_traverse && !extras => Way::AsSource,
            way => way,
        };
        let tree = tree.filter(|_| !options.no_check_destination);
        Self { ctx, tree, directory, at, way, partials: None, journal: None, brief: false }
    }

    /// Sets aside files that are on their way.
    pub(super) fn with_partials(self, partials: Option<&'a Partials>) -> Self {
        Self { partials, ..self }
    }

    /// Tells each file what is remembered of it, and has the rest forgotten where all is listed.
    pub(super) fn reminded_by(self, journal: Option<&'a Arc<Journal>>) -> Self {
        Self { journal, ..self }
    }

    /// Lists without regard to how exact the times are.
    pub(super) fn briefly(self, brief: bool) -> Self {
        Self { brief, ..self }
    }

    pub(super) fn tree(&self) -> Option<&Tree> {
        self.tree
    }

    /// Returns where on the remote the directory holds `name`.
    pub(super) fn path(&self, tree: &Tree, name: &Name) -> Path {
        tree.path(self.at).child(name)
    }

    /// Tells whether the source's entries must be known first.
    pub(super) fn follows_source(&self) -> bool {
        self.tree.is_some() && matches!(self.way, Way::AsSource)
    }

    /// Looks. `source` is what the source holds, where that matters.
    pub(super) async fn read(&self, absence: Absence, source: &[Entry]) -> Side {
        let Some(tree) = self.tree else { return Side::Absent };
        let found = match &self.way {
            Way::Named { files, directories } => {
                self.ask(tree, absence, files, directories).await.map(Side::Asked)
            }
            Way::AsSource => {
                let names = |directories: bool| -> Vec<Name> {
                    let some = source.iter().filter(|entry| entry.is_directory() == directories);
                    some.map(|entry| entry.name.clone()).collect()
                };
                self.ask(tree, absence, &names(false), &names(true)).await.map(Side::Asked)
            }
            Way::Whole | Way::Filtered => self.list(tree).await,
        };
        match found {
            Ok(side) => side,
            Err(error) if error.is_not_found() && absence == Absence::Passes => Side::Absent,
            Err(error) => Side::Failed(error),
        }
    }

    /// Lists the directory: filtered, sorted, each name once.
    async fn list(&self, tree: &Tree) -> Result<Side> {
        let (ctx, at) = (self.ctx, tree.path(self.at));
        let listing = retry(ctx, self.directory, || async {
            match self.brief {
                true => tree.remote.list_briefly(&at).await,
                false => tree.remote.list(&at).await,
            }
        })
        .await?;
        ctx.progress.event(Event::Listed { entries: listing.entries.len() as u64 });
        let (mut entries, mut doubts) = (listing.entries, listing.doubts);
        let found = entries.len() + doubts.len();
        entries.retain(|entry| !ctx.options.hides(self.at, &entry.name));
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        if let Some(journal) = self.journal {
            journal.remind(self.at, &mut entries);
            if doubts.is_empty() {
                journal.forget_gone(self.at, &entries);
            }
        }
        let mut partials = self.take_partials(&mut entries);
        if !matches!(self.way, Way::Whole) {
            if ctx.filter.excludes_listing(&entries) {
                entries.clear();
                partials.clear();
            }
            entries.retain(|entry| passes(ctx, self.directory, entry));
            let filter = &ctx.filter;
            doubts.retain(|doubt| match doubt {
                Doubt::Link { .. } => filter.includes_path(&doubt.path(self.directory)),
                _ => true,
            });
        }
        let hides = entries.len() + doubts.len() + partials.len() < found;
        let twice = names::take_out_twice(&mut entries);
        doubts.extend(twice.into_iter().map(|name| Doubt::DuplicateName { name }));
        Ok(Side::Listed { entries, doubts, partials, hides })
    }

    /// Takes out the files on their way. Those whose final name the filter hides are not seen at
    /// all.
    fn take_partials(&self, entries: &mut Vec<Entry>) -> Vec<Entry> {
        let Some(known) = self.partials else { return Vec::new() };
        let claimed = entries.extract_if(.., |entry| known.claims(self.at, entry));
        let seen = |partial: &Entry| {
            let stem = known.stem(&partial.name).map(|stem| self.directory.child(&stem));
            stem.is_some_and(|path| self.ctx.filter.includes_path(&path))
        };
        claimed.filter(seen).collect()
    }

    /// Asks for certain files, in one go. Directories are entered to see what they hold.
    async fn ask(
        &self,
        tree: &Tree,
        absence: Absence,
        files: &[Name],
        directories: &[Name],
    ) -> Result<Vec<Entry>> {
        let (ctx, at) = (self.ctx, tree.path(self.at));
        if self.at.is_root() && absence == Absence::Fails {
            self.check_root(tree).await?;
        }
        let paths: Vec<Path> = files.iter().map(|name| at.child(name)).collect();
        let ask = || async {
            let found = tree.remote.stat_all(&paths).await;
            found.into_iter().collect::<Result<Vec<_>>>()
        };
        let found =
            if paths.is_empty() { Vec::new() } else { retry(ctx, self.directory, ask).await? };
        let mut entries: Vec<Entry> = found.into_iter().flatten().collect();
        entries.retain(|entry| !ctx.options.hides(self.at, &entry.name));
        if let Some(journal) = self.journal {
            journal.remind(self.at, &mut entries);
        }
        ctx.progress.event(Event::Listed { entries: entries.len() as u64 });
        entries.extend(directories.iter().cloned().map(Entry::directory));
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|later, first| later.name == first.name);
        Ok(entries)
    }

    /// Makes sure that the source is there at all: names not found below nothing prove nothing.
    async fn check_root(&self, tree: &Tree) -> Result<()> {
        match retry(self.ctx, self.directory, || tree.remote.stat(&tree.root)).await? {
            None => Err(Error::directory_not_found(&tree.root)),
            Some(entry) if entry.is_file() => Err(Error::not_a_directory(&tree.root)),
            Some(_) => Ok(()),
        }
    }
}

/// Asks for the names of `--files-from`, unless these are so many that a listing costs less.
fn named(ctx: &Context, directory: &Path) -> Way {
    match ctx.filter.named_in(directory) {
        Some((files, directories)) if files.len() <= WORTH_A_LISTING => {
            let own = |names: &BTreeSet<Name>| names.iter().cloned().collect();
            Way::Named { files: own(files), directories: own(directories) }
        }
        _ => Way::Filtered,
    }
}

/// Tells whether the filter lets an entry of `directory` through.
fn passes(ctx: &Context, directory: &Path, entry: &Entry) -> bool {
    let path = directory.child(&entry.name);
    if entry.is_directory() {
        ctx.filter.includes_directory(&path)
    } else {
        ctx.filter.includes_file(&path, entry.size, entry.modified.map(|modified| modified.at))
    }
}

/// More names than this in one directory are looked for in its listing.
const WORTH_A_LISTING: usize = 1000;
