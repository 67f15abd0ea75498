//! Walks one tree or two side by side, directory by directory, `checkers` listings at once and a
//! bounded number ahead. Whether a file differs is not decided here.

mod times;

use std::cmp::Ordering;

use tokio_util::task::AbortOnDropHandle;

use crate::context::Context;
use crate::entry::{Doubt, Entry};
use crate::error::{Error, Result};
use crate::partial::{Partials, Unfinished};
use crate::path::Path;
use crate::progress::Event;
use crate::remote::Tree;
use crate::retry::retry;

/// One directory on both sides. Paths are relative to the trees.
#[derive(Debug)]
pub struct Pair {
    /// The directory.
    pub directory: Path,
    /// What the source holds there.
    pub source: Side,
    /// What the destination holds there.
    pub destination: Side,
    /// Files on their way to this directory, or out of it.
    pub unfinished: Unfinished,
    /// Whether a listing above this directory was in doubt, so that nothing here is deleted.
    pub in_doubt: bool,
}

/// What one side holds in one directory.
#[derive(Debug)]
pub enum Side {
    /// There is no such directory, or nobody asked.
    Absent,
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
    },
}

impl Side {
    /// Returns the entries; none unless listed.
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::Listed { entries, .. } => entries,
            Self::Absent | Self::Failed(_) => &[],
        }
    }

    /// Returns the doubts; none unless listed.
    pub fn doubts(&self) -> &[Doubt] {
        match self {
            Self::Listed { doubts, .. } => doubts,
            Self::Absent | Self::Failed(_) => &[],
        }
    }

    fn take_partials(&mut self) -> Vec<Entry> {
        match self {
            Self::Listed { partials, .. } => std::mem::take(partials),
            Self::Absent | Self::Failed(_) => Vec::new(),
        }
    }
}

/// A walk under way. [`Walk::next`] gives parents before their children, siblings in byte order.
#[derive(Debug)]
pub struct Walk {
    ctx: Context,
    source: Tree,
    destination: Option<Tree>,
    /// Whether to enter directories that only the destination has.
    extras: bool,
    depth: Option<usize>,
    /// Whether to ask for times that the listings say too coarsely for a decision.
    exact_times: bool,
    /// What knows files on their way, where these take no part.
    partials: Option<Partials>,
    /// What is still to do, the next one last.
    stack: Vec<Visit>,
    /// How many visits on the stack are being listed already.
    ahead: usize,
}

#[derive(Debug)]
struct Visit {
    directory: Path,
    depth: usize,
    source: bool,
    destination: bool,
    in_doubt: bool,
    listing: Option<AbortOnDropHandle<(Side, Side)>>,
}

impl Walk {
    /// Returns a walk over one tree, which stands as the source.
    pub fn one(ctx: &Context, tree: &Tree, depth: Option<usize>) -> Self {
        Self::new(ctx, tree, None, false, depth)
    }

    /// Returns a walk over two trees; `extras` enters also what only the destination has.
    pub fn two(ctx: &Context, source: &Tree, destination: &Tree, extras: bool) -> Self {
        Self::new(ctx, source, Some(destination), extras, ctx.options.max_depth)
    }

    fn new(
        ctx: &Context,
        source: &Tree,
        destination: Option<&Tree>,
        extras: bool,
        depth: Option<usize>,
    ) -> Self {
        let root = Visit {
            directory: Path::root(),
            depth: 1,
            source: true,
            destination: destination.is_some(),
            in_doubt: false,
            listing: None,
        };
        Self {
            ctx: ctx.clone(),
            source: source.clone(),
            destination: destination.cloned(),
            extras,
            depth,
            exact_times: false,
            partials: None,
            stack: vec![root],
            ahead: 0,
        }
    }

    /// Has the walk ask for times that the listings say too coarsely for a decision.
    #[must_use]
    pub fn with_exact_times(self) -> Self {
        Self { exact_times: true, ..self }
    }

    /// Has the walk set aside files that are on their way.
    #[must_use]
    pub(crate) fn with_partials(self, partials: &Partials) -> Self {
        Self { partials: Some(partials.clone()), ..self }
    }

    /// Returns the next directory, or `None` at the end or once the run is cancelled.
    pub async fn next(&mut self) -> Option<Pair> {
        if self.ctx.cancel.is_cancelled() {
            return None;
        }
        self.look_ahead();
        let visit = self.stack.pop()?;
        self.ahead -= usize::from(visit.listing.is_some());
        let (mut source, mut destination) = match visit.listing {
            Some(listing) => listing.await.unwrap_or_else(|lost| {
                let error = Error::new(crate::ErrorKind::Other, "listing broke off");
                (Side::Failed(error.caused_by(lost)), Side::Absent)
            }),
            None => return None,
        };
        let in_doubt =
            visit.in_doubt || !source.doubts().is_empty() || !destination.doubts().is_empty();
        let directory = visit.directory;
        let unfinished = self.unfinished(&directory, &mut source, &mut destination);
        let pair = Pair { directory, source, destination, unfinished, in_doubt };
        if self.depth.is_none_or(|depth| visit.depth < depth) {
            self.descend(&pair, visit.depth + 1);
        }
        Some(pair)
    }

    fn unfinished(
        &self,
        directory: &Path,
        source: &mut Side,
        destination: &mut Side,
    ) -> Unfinished {
        let Some(partials) = &self.partials else { return Unfinished::default() };
        let (leaving, arriving) = (source.take_partials(), destination.take_partials());
        partials.sort_out(directory, source.entries(), leaving, arriving)
    }

    /// Begins the next listings: always the very next one, others while there is room.
    fn look_ahead(&mut self) {
        let room = self.ctx.options.checkers.max(1);
        for index in (0..self.stack.len()).rev().take(room) {
            if self.stack[index].listing.is_some() {
                continue;
            }
            if self.ahead >= room && index + 1 < self.stack.len() {
                break;
            }
            let listing = self.begin(&self.stack[index]);
            self.stack[index].listing = Some(listing);
            self.ahead += 1;
        }
    }

    fn begin(&self, visit: &Visit) -> AbortOnDropHandle<(Side, Side)> {
        let source = visit.source.then(|| self.source.clone());
        let destination = visit.destination.then(|| self.destination.clone()).flatten();
        let (ctx, directory) = (self.ctx.clone(), visit.directory.clone());
        let exact_times = self.exact_times;
        let partials = self.partials.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let unfiltered = ctx.options.delete_excluded;
            let part = Part { ctx: &ctx, directory: &directory, partials: partials.as_ref() };
            let (mut here, mut there) = tokio::join!(
                part.side(source.as_ref(), Absence::Fails, false),
                part.side(destination.as_ref(), Absence::Passes, unfiltered),
            );
            if exact_times {
                let (source, destination) = (source.as_ref(), destination.as_ref());
                let (source, destination) = ((source, &mut here), (destination, &mut there));
                times::sharpen(&ctx, &directory, source, destination).await;
            }
            (here, there)
        }))
    }

    fn descend(&mut self, pair: &Pair, depth: usize) {
        if matches!(pair.source, Side::Failed(_)) || matches!(pair.destination, Side::Failed(_)) {
            return;
        }
        let first = self.stack.len();
        for (source, destination) in merge(pair.source.entries(), pair.destination.entries()) {
            let (name, in_source, in_destination) = match (source, destination) {
                (Some(s), Some(d)) if s.is_directory() => (&s.name, true, d.is_directory()),
                (Some(s), None) if s.is_directory() => (&s.name, true, false),
                (None, Some(d)) if d.is_directory() && self.extras => (&d.name, false, true),
                _ => continue,
            };
            let clash = in_source && !in_destination && destination.is_some();
            if !clash {
                self.stack.push(Visit {
                    directory: pair.directory.child(name),
                    depth,
                    source: in_source,
                    destination: in_destination,
                    in_doubt: pair.in_doubt,
                    listing: None,
                });
            }
        }
        self.stack[first..].reverse();
    }
}

/// Joins two lists that are in byte order of their names.
pub fn merge<'a>(
    mut left: &'a [Entry],
    mut right: &'a [Entry],
) -> impl Iterator<Item = (Option<&'a Entry>, Option<&'a Entry>)> {
    std::iter::from_fn(move || {
        let order = match (left.first(), right.first()) {
            (Some(l), Some(r)) => l.name.cmp(&r.name),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let l = if order.is_le() { left.split_off_first() } else { None };
        let r = if order.is_ge() { right.split_off_first() } else { None };
        Some((l, r))
    })
}

/// What a directory that is not there means.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Absence {
    Fails,
    Passes,
}

/// One directory to list, on one side or the other.
struct Part<'a> {
    ctx: &'a Context,
    directory: &'a Path,
    partials: Option<&'a Partials>,
}

impl Part<'_> {
    async fn side(&self, tree: Option<&Tree>, absence: Absence, unfiltered: bool) -> Side {
        let Some(tree) = tree else { return Side::Absent };
        match self.list(tree, unfiltered).await {
            Ok(side) => side,
            Err(error) if error.is_not_found() && absence == Absence::Passes => Side::Absent,
            Err(error) => Side::Failed(error),
        }
    }

    /// Lists the directory in a tree: filtered, sorted, each name once.
    async fn list(&self, tree: &Tree, unfiltered: bool) -> Result<Side> {
        let Self { ctx, directory, .. } = *self;
        let at = tree.path(directory);
        let listing = retry(ctx, directory, || tree.remote.list(&at)).await?;
        ctx.progress.event(Event::Listed { entries: listing.entries.len() as u64 });
        let (mut entries, mut doubts) = (listing.entries, listing.doubts);
        let mut partials = self.take_partials(&mut entries);
        if !unfiltered {
            if ctx.filter.excludes_listing(&entries) {
                entries.clear();
                partials.clear();
            }
            entries.retain(|entry| passes(ctx, directory, entry));
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|later, first| {
            let twice = later.name == first.name;
            if twice {
                doubts.push(Doubt::DuplicateName { name: later.name.clone() });
            }
            twice
        });
        Ok(Side::Listed { entries, doubts, partials })
    }

    /// Takes out the files on their way. Those whose final name the filter hides are not seen at
    /// all.
    fn take_partials(&self, entries: &mut Vec<Entry>) -> Vec<Entry> {
        let Some(known) = self.partials else { return Vec::new() };
        let claimed = entries.extract_if(.., |entry| known.claims(self.directory, entry));
        let seen = |partial: &Entry| {
            let stem = known.stem(&partial.name).map(|stem| self.directory.child(&stem));
            stem.is_some_and(|path| self.ctx.filter.includes_path(&path))
        };
        claimed.filter(seen).collect()
    }
}

/// Tells whether the filter lets an entry of `directory` through.
pub(crate) fn passes(ctx: &Context, directory: &Path, entry: &Entry) -> bool {
    let path = directory.child(&entry.name);
    if entry.is_directory() {
        ctx.filter.includes_directory(&path)
    } else {
        ctx.filter.includes_file(&path, entry.size, entry.modified.map(|modified| modified.at))
    }
}
