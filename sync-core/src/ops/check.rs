//! Compares two trees without changing either.

use futures_util::stream::{self, StreamExt as _};

use crate::context::Context;
use crate::entry::Entry;
use crate::error::Result;
use crate::path::Path;
use crate::progress::Event;
use crate::remote::{Reader, Tree};
use crate::retry::retry;
use crate::run::{Failures, Run};
use crate::walk::{Pair, Side, Walk, merge};

/// What [`check`] looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckOptions {
    /// Read both files and compare every byte.
    pub download: bool,
    /// Do not mind what only the destination has.
    pub one_way: bool,
    /// Compare sizes only.
    pub size_only: bool,
    /// Compare hashes where both sides have one; done anyway unless `size_only` is set.
    pub checksum: bool,
}

/// What was found for one path.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// The files differ.
    Differ(Difference),
    /// It could not be found out; the reason was told as [`Event::Failed`].
    Error,
    /// The files are the same.
    Match,
    /// Only the source has it.
    MissingOnDestination,
    /// Only the destination has it.
    MissingOnSource,
}

/// What tells two files apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Difference {
    /// Their bytes.
    Content,
    /// A hash of this name.
    Hash(&'static str),
    /// Their sizes.
    Size,
}

/// How many paths had which [`Outcome`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CheckSummary {
    /// How many are the same.
    pub matches: u64,
    /// How many differ.
    pub differences: u64,
    /// How many only the destination has.
    pub missing_on_source: u64,
    /// How many only the source has.
    pub missing_on_destination: u64,
    /// How many could not be compared.
    pub errors: u64,
    /// How many of the same were compared by size alone.
    pub unhashed: u64,
}

/// Compares the files of two trees and tells `on_outcome` of each, in order.
///
/// # Errors
/// When something could not be listed or read; differences are not errors but in the summary.
pub async fn check(
    ctx: &Context,
    source: &Tree,
    destination: &Tree,
    options: &CheckOptions,
    on_outcome: &mut (dyn FnMut(&Path, Outcome) + Send),
) -> Result<CheckSummary, Failures> {
    for tree in [source, destination] {
        tree.remote.connect().await?;
    }
    let checker = Checker {
        run: Run::new(ctx),
        source,
        destination,
        hash: common_hash(source, destination).filter(|_| !options.size_only),
        options: *options,
    };
    let mut summary = CheckSummary::default();
    let mut walk = Walk::two(ctx, source, destination, true);
    while let Some(pair) = walk.next().await {
        let candidates = checker.candidates(pair);
        let mut outcomes = stream::iter(candidates)
            .map(|candidate| checker.judge(candidate))
            .buffered(ctx.options.checkers.max(1));
        while let Some((path, outcome)) = outcomes.next().await {
            summary.count(outcome);
            let hashed = checker.hash.is_some() || options.download || options.size_only;
            summary.unhashed += u64::from(outcome == Outcome::Match && !hashed);
            on_outcome(&path, outcome);
        }
    }
    checker.run.finish().map(|()| summary)
}

impl CheckSummary {
    /// Counts one more outcome.
    pub fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Differ(_) => &mut self.differences,
            Outcome::Error => &mut self.errors,
            Outcome::Match => &mut self.matches,
            Outcome::MissingOnDestination => &mut self.missing_on_destination,
            Outcome::MissingOnSource => &mut self.missing_on_source,
        } += 1;
    }
}

fn common_hash(source: &Tree, destination: &Tree) -> Option<&'static str> {
    let there = destination.remote.capability().hashes;
    source.remote.capability().hashes.into_iter().find(|hash| there.contains(hash))
}

struct Checker<'a> {
    run: Run,
    source: &'a Tree,
    destination: &'a Tree,
    hash: Option<&'static str>,
    options: CheckOptions,
}

/// A path and the file on either side; neither where the directory could not be listed.
struct Candidate {
    path: Path,
    /// The path on the destination.
    target: Path,
    here: Option<Entry>,
    there: Option<Entry>,
}

impl Checker<'_> {
    fn candidates(&self, pair: Pair) -> Vec<Candidate> {
        let directory = &pair.directory;
        for side in [&pair.source, &pair.destination] {
            for doubt in side.doubts() {
                self.run.fail(&doubt.path(directory), doubt.error(directory));
            }
        }
        let entries = merge(pair.source.entries(), pair.destination.entries());
        let candidates = entries.filter_map(|(here, there)| self.candidate(&pair, here, there));
        let candidates = candidates.collect();
        match (pair.source, pair.destination) {
            (Side::Failed(error), _) | (_, Side::Failed(error)) => {
                self.run.fail(&pair.directory, error);
                let (path, target) = (pair.directory, pair.there);
                vec![Candidate { path, target, here: None, there: None }]
            }
            _ => candidates,
        }
    }

    fn candidate(
        &self,
        pair: &Pair,
        here: Option<&Entry>,
        there: Option<&Entry>,
    ) -> Option<Candidate> {
        let here = here.filter(|here| here.is_file());
        let there = there.filter(|there| there.is_file());
        let name = &here.or(there)?.name;
        let (path, target) = (pair.directory.child(name), pair.target(name));
        let wanted = here.is_some() || !self.options.one_way;
        wanted.then(|| Candidate { path, target, here: here.cloned(), there: there.cloned() })
    }

    async fn judge(&self, candidate: Candidate) -> (Path, Outcome) {
        let Candidate { path, target, here, there } = candidate;
        let (here, there) = match (here, there) {
            (Some(here), Some(there)) => (here, there),
            (Some(_), None) => return (path, Outcome::MissingOnDestination),
            (None, Some(_)) => return (path, Outcome::MissingOnSource),
            (None, None) => return (path, Outcome::Error),
        };
        self.run.event(Event::CheckQueued);
        let difference = self.difference((&path, &target), &here, &there).await;
        self.run.event(Event::Checked { path: &path });
        let outcome = match self.run.take(&path, difference) {
            Some(None) => Outcome::Match,
            Some(Some(difference)) => Outcome::Differ(difference),
            None => Outcome::Error,
        };
        (path, outcome)
    }

    async fn difference(
        &self,
        at: (&Path, &Path),
        here: &Entry,
        there: &Entry,
    ) -> Result<Option<Difference>> {
        let path = at.0;
        let sizes = here.size.zip(there.size);
        if sizes.is_some_and(|(here, there)| here != there) {
            return Ok(Some(Difference::Size));
        }
        if self.options.download {
            let same = retry(&self.run.ctx, path, || self.same_bytes(at)).await?;
            return Ok((!same).then_some(Difference::Content));
        }
        let Some(hash) = self.hash else { return Ok(None) };
        let (from, to) = (self.source.path(at.0), self.destination.path(at.1));
        let (here, there) = futures_util::future::try_join(
            retry(&self.run.ctx, path, || self.source.remote.hash(&from, hash)),
            retry(&self.run.ctx, path, || self.destination.remote.hash(&to, hash)),
        )
        .await?;
        Ok((here != there).then_some(Difference::Hash(hash)))
    }

    async fn same_bytes(&self, (path, target): (&Path, &Path)) -> Result<bool> {
        let (from, to) = (self.source.path(path), self.destination.path(target));
        let mut here = self.source.remote.open(&from, 0, None).await?;
        let mut there = self.destination.remote.open(&to, 0, None).await?;
        same_content(&mut *here, &mut *there).await
    }
}

/// Compares what two readers give, piece by piece.
async fn same_content(left: &mut dyn Reader, right: &mut dyn Reader) -> Result<bool> {
    let (mut l, mut r) = futures_util::future::try_join(left.read(), right.read()).await?;
    while !l.is_empty() && !r.is_empty() {
        let common = l.len().min(r.len());
        if l.split_to(common) != r.split_to(common) {
            return Ok(false);
        }
        if l.is_empty() {
            l = left.read().await?;
        }
        if r.is_empty() {
            r = right.read().await?;
        }
    }
    Ok(l.is_empty() && r.is_empty())
}
