//! Lists a tree: what `ls` and its kin print, and what most verbs work through.

use std::collections::VecDeque;

use futures_util::stream::{BoxStream, StreamExt as _, unfold};

use crate::context::Context;
use crate::entry::Entry;
use crate::error::Result;
use crate::path::Path;
use crate::plan::not_followed;
use crate::progress::Event;
use crate::remote::Tree;
use crate::walk::{Pair, Times, Walk};

/// Something found in a tree.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is, relative to the tree.
    pub path: Path,
    /// What it is.
    pub entry: Entry,
}

/// Returns the files and directories of a tree that pass the filter, `depth` levels deep: each
/// directory's entries in byte order of their names, parents before children.
///
/// A directory that cannot be listed and a line that cannot be read are errors between the entries;
/// links and special files are told as notices.
pub fn entries(
    ctx: &Context,
    tree: &Tree,
    depth: Option<usize>,
) -> BoxStream<'static, Result<Found>> {
    found_by(ctx, Walk::one(ctx, tree, depth))
}

/// Like [`entries`], with times for this.
pub fn entries_with_times(
    ctx: &Context,
    tree: &Tree,
    depth: Option<usize>,
    times: Times,
) -> BoxStream<'static, Result<Found>> {
    found_by(ctx, Walk::one(ctx, tree, depth).with_times(times))
}

fn found_by(ctx: &Context, walk: Walk) -> BoxStream<'static, Result<Found>> {
    let ctx = ctx.clone();
    unfold((walk, VecDeque::new()), move |(mut walk, mut ready)| {
        let ctx = ctx.clone();
        async move {
            while ready.is_empty() {
                ready = found(&ctx, walk.next().await?);
            }
            ready.pop_front().map(|next| (next, (walk, ready)))
        }
    })
    .boxed()
}

fn found(ctx: &Context, pair: Pair) -> VecDeque<Result<Found>> {
    let directory = pair.directory;
    match pair.source.into_listing() {
        Err(error) => [Err(error)].into(),
        Ok((entries, doubts)) => {
            let doubts = doubts.into_iter().map(|doubt| Err(doubt.error(&directory)));
            let entries = entries.into_iter().filter_map(|entry| {
                let path = directory.child(&entry.name);
                match not_followed(&entry.kind) {
                    Some(message) => {
                        ctx.progress.event(Event::Notice { path: Some(&path), message });
                        None
                    }
                    None => Some(Ok(Found { path, entry })),
                }
            });
            doubts.chain(entries).collect()
        }
    }
}
