//! Walks one tree or two side by side, directory by directory, `checkers` listings at once and a
//! bounded number ahead. Whether a file differs is not decided here.

mod above;
pub(crate) mod names;
mod side;
mod times;

use std::cmp::Ordering;
use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use crate::context::Context;
use crate::entry::Entry;
use crate::error::Error;
use crate::journal::Journal;
use crate::partial::{Partials, Unfinished};
use crate::path::{Name, Path};
use crate::plan::Dates;
use crate::remote::Tree;
use crate::run::Run;

use above::Above;
use names::Folding;
pub use side::Side;
use side::{Absence, Scope};

/// One directory on both sides. Paths are relative to the trees.
#[derive(Debug)]
pub struct Pair {
    /// The directory.
    pub directory: Path,
    /// Where it lies on the destination, whose names may differ in case or form.
    pub there: Path,
    /// Names of the source, in byte order, and what the destination calls them, where these differ. The
    /// entries of the destination bear the source's names.
    pub aliases: Vec<(Name, Name)>,
    /// What the source holds there.
    pub source: Side,
    /// What the destination holds there.
    pub destination: Side,
    /// Files on their way to this directory, or out of it.
    pub unfinished: Unfinished,
    /// Whether a listing above this directory was in doubt, so that nothing here is deleted.
    pub in_doubt: bool,
    /// When the directory itself changed.
    pub dates: Dates,
}

impl Pair {
    /// Returns where the destination has, or would have, what the source calls `name`.
    pub fn target(&self, name: &Name) -> Path {
        self.there.child(self.alias(name).unwrap_or(name))
    }

    fn alias(&self, name: &Name) -> Option<&Name> {
        names::alias(&self.aliases, name)
    }
}

/// What the times of a walk are wanted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Times {
    /// Nothing: they may be as coarse as the fastest listing has them.
    Unseen,
    /// To be shown as the server's best listing has them.
    Listed,
    /// A decision: those that the listings say too coarsely are asked for, one by one.
    Exact,
}

/// A walk under way. [`Walk::next`] gives parents before their children, siblings in byte order.
#[derive(Debug)]
pub struct Walk {
    ctx: Context,
    source: Tree,
    destination: Option<Tree>,
    /// Whether to enter directories that only the destination has.
    extras: bool,
    /// Whether to enter directories that only the source has.
    enters_new: bool,
    depth: Option<usize>,
    /// What the times are wanted for.
    times: Times,
    /// What knows files on their way, where these take no part.
    partials: Option<Partials>,
    /// What is remembered of the destination.
    journal: Option<Arc<Journal>>,
    /// What is still to do, the next one last.
    stack: Vec<Visit>,
    /// How many visits on the stack are being listed already.
    ahead: usize,
}

#[derive(Debug)]
struct Visit {
    directory: Path,
    there: Path,
    depth: usize,
    source: bool,
    destination: bool,
    in_doubt: bool,
    dates: Dates,
    above: Option<Arc<Above>>,
    listing: Option<AbortOnDropHandle<Listed>>,
}

/// Both sides of one directory, with the names that differ.
type Listed = (Side, Side, Vec<(Name, Name)>);

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
            there: Path::root(),
            depth: 1,
            source: true,
            destination: destination.is_some(),
            in_doubt: false,
            dates: Dates::default(),
            above: None,
            listing: None,
        };
        Self {
            ctx: ctx.clone(),
            source: source.clone(),
            destination: destination.cloned(),
            extras,
            enters_new: true,
            depth,
            times: Times::Unseen,
            partials: None,
            journal: None,
            stack: vec![root],
            ahead: 0,
        }
    }

    /// Has the walk tell times for this.
    #[must_use]
    pub fn with_times(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// Has the walk set aside files that are on their way, and tell what is remembered of others.
    #[must_use]
    pub(crate) fn of_run(self, run: &Run) -> Self {
        Self { partials: Some(run.partials().clone()), journal: run.journal().cloned(), ..self }
    }

    /// Has the walk leave out directories that only the source has, except the first.
    #[must_use]
    pub fn without_new(self) -> Self {
        Self { enters_new: false, ..self }
    }

    /// Returns the next directory, or `None` at the end or once the run is cancelled.
    pub async fn next(&mut self) -> Option<Pair> {
        if self.ctx.cancel.is_cancelled() {
            return None;
        }
        self.look_ahead();
        let visit = self.stack.pop()?;
        self.ahead -= usize::from(visit.listing.is_some());
        let (mut source, mut destination, aliases) = match visit.listing {
            Some(listing) => listing.await.unwrap_or_else(|lost| {
                let error = Error::new(crate::ErrorKind::Other, "listing broke off");
                (Side::Failed(error.caused_by(lost)), Side::Absent, Vec::new())
            }),
            None => return None,
        };
        if let Some(above) = &visit.above {
            above.check(&mut source, &mut destination);
        }
        let in_doubt =
            visit.in_doubt || !source.doubts().is_empty() || !destination.doubts().is_empty();
        let Visit { directory, there, above, dates, .. } = visit;
        let unfinished = self.unfinished(&there, &mut source, &mut destination);
        let mut pair =
            Pair { directory, there, aliases, source, destination, unfinished, in_doubt, dates };
        if self.depth.is_none_or(|depth| visit.depth < depth) {
            self.descend(&pair, above.as_ref(), visit.depth + 1);
        } else {
            pair.destination.hide_below();
        }
        Some(pair)
    }

    fn unfinished(&self, there: &Path, source: &mut Side, destination: &mut Side) -> Unfinished {
        let Some(partials) = &self.partials else { return Unfinished::default() };
        let (leaving, arriving) = (source.take_partials(), destination.take_partials());
        partials.sort_out(there, source.entries(), leaving, arriving)
    }

    /// Begins the next listings: always the very next one, others while there is room.
    fn look_ahead(&mut self) {
        let room = self.room();
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

    /// Returns how many directories are listed at once: more than the user allows connections for
    /// where one connection lists many.
    fn room(&self) -> usize {
        let checkers = self.ctx.options.checkers.max(1);
        if self.ctx.filter.named_in(&Path::root()).is_some() {
            return checkers;
        }
        let sides = [Some(&self.source), self.destination.as_ref()].into_iter().flatten();
        let brief = sides.filter(|tree| self.is_brief(tree));
        let at_once = brief.filter_map(|tree| tree.remote.listings_at_once()).max();
        checkers.max(at_once.unwrap_or(1))
    }

    /// Tells whether it is enough to list a tree briefly: nobody looks at the times, or those that
    /// decide are asked for in any case, which those of directories cannot be.
    fn is_brief(&self, tree: &Tree) -> bool {
        let paired = self.destination.is_some();
        let asks = || tree.remote.capability().asked_precision.is_some();
        let enough = match self.times {
            Times::Unseen => !paired || asks(),
            Times::Listed => false,
            Times::Exact => paired && asks(),
        };
        enough && !self.ctx.filter.looks_at_times()
    }

    fn begin(&self, visit: &Visit) -> AbortOnDropHandle<Listed> {
        let source = visit.source.then(|| self.source.clone());
        let destination = visit.destination.then(|| self.destination.clone()).flatten();
        let (ctx, extras, times) = (self.ctx.clone(), self.extras, self.times);
        let (directory, place) = (visit.directory.clone(), visit.there.clone());
        let (partials, journal) = (self.partials.clone(), self.journal.clone());
        let is_brief = |tree: &Option<Tree>| tree.as_ref().is_some_and(|tree| self.is_brief(tree));
        let brief = [is_brief(&source), is_brief(&destination)];
        AbortOnDropHandle::new(tokio::spawn(async move {
            let near = Scope::source(&ctx, source.as_ref(), &directory);
            let near = near.with_partials(partials.as_ref()).briefly(brief[0]);
            let far = Scope::destination(&ctx, destination.as_ref(), (&directory, &place), extras)
                .with_partials(partials.as_ref())
                .reminded_by(journal.as_ref())
                .briefly(brief[1]);
            let (mut here, mut there) = if far.follows_source() {
                let here = near.read(Absence::Fails, &[]).await;
                let there = far.read(Absence::Passes, here.entries()).await;
                (here, there)
            } else {
                tokio::join!(near.read(Absence::Fails, &[]), far.read(Absence::Passes, &[]))
            };
            let folding = Folding::new(&ctx, destination.as_ref());
            let aliases = names::reconcile(&mut here, &mut there, folding);
            if times == Times::Exact {
                let (near, far) = ((&near, &mut here), (&far, &mut there));
                times::sharpen(&ctx.options, near, far, &aliases).await;
            }
            (here, there, aliases)
        }))
    }

    fn descend(&mut self, pair: &Pair, above: Option<&Arc<Above>>, depth: usize) {
        if matches!(pair.source, Side::Failed(_)) || matches!(pair.destination, Side::Failed(_)) {
            return;
        }
        let first = self.stack.len();
        for (source, destination) in merge(pair.source.entries(), pair.destination.entries()) {
            let (name, in_source, in_destination) = match (source, destination) {
                (Some(s), Some(d)) if s.is_directory() => (&s.name, true, d.is_directory()),
                (Some(s), None) if s.is_directory() && self.enters_new => (&s.name, true, false),
                (None, Some(d)) if d.is_directory() && self.extras => (&d.name, false, true),
                _ => continue,
            };
            let clash = in_source && !in_destination && destination.is_some();
            if !clash {
                self.stack.push(Visit {
                    directory: pair.directory.child(name),
                    there: pair.target(name),
                    depth,
                    source: in_source,
                    destination: in_destination,
                    in_doubt: pair.in_doubt,
                    dates: Dates {
                        source: source.and_then(|entry| entry.modified),
                        destination: destination.and_then(|entry| entry.modified),
                    },
                    above: Above::with(above, source, destination),
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
