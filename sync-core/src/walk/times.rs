//! Asks for the times that a decision needs more exactly than a listing says them.
//!
//! `LIST` shows minutes, or days for old files, where the server knows the second. One question a
//! file, all in flight together, settles it.

use std::time::Duration;

use crate::context::Options;
use crate::entry::Entry;
use crate::path::{Name, Path};
use crate::walk::names::alias;
use crate::walk::side::Scope;
use crate::walk::{Side, merge};

/// Asks for the exact times of the source's files that may be copied, and of what they would
/// replace where only the time can tell.
pub(super) async fn sharpen(
    options: &Options,
    source: (&Scope<'_>, &mut Side),
    destination: (&Scope<'_>, &mut Side),
    aliases: &[(Name, Name)],
) {
    let pairs = merge(source.1.entries(), destination.1.entries());
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for (left, right) in pairs {
        let compared = left.zip(right).is_some_and(|(l, r)| times_decide(options, l, r));
        let copied = left.is_some_and(|l| right.is_none_or(|r| l.size != r.size));
        if let Some(left) = left.filter(|_| compared || copied) {
            here.push(left.name.clone());
        }
        if let Some(right) = right.filter(|_| compared) {
            there.push(right.name.clone());
        }
    }
    tokio::join!(ask(source, &here, &[]), ask(destination, &there, aliases));
}

/// Tells whether nothing but the times can show that two files differ.
fn times_decide(options: &Options, here: &Entry, there: &Entry) -> bool {
    let by_other_means =
        options.size_only || options.checksum || options.ignore_times || options.ignore_existing;
    options.update || (!by_other_means && here.size == there.size)
}

/// Asks for the times of the files `wanted`, in byte order, by the names this side has for them.
async fn ask(side: (&Scope<'_>, &mut Side), wanted: &[Name], aliases: &[(Name, Name)]) {
    let (scope, side) = side;
    let (Some(tree), Some(entries)) = (scope.tree(), side.entries_mut()) else { return };
    let Some(precision) = tree.remote.capability().asked_precision else { return };
    let coarse: Vec<&mut Entry> = entries
        .iter_mut()
        .filter(|entry| entry.is_file() && is_coarser(entry, precision))
        .filter(|entry| wanted.binary_search(&entry.name).is_ok())
        .collect();
    if coarse.is_empty() {
        return;
    }
    let path = |entry: &Entry| scope.path(tree, alias(aliases, &entry.name).unwrap_or(&entry.name));
    let paths: Vec<Path> = coarse.iter().map(|entry| path(entry)).collect();
    let times = tree.remote.modified_all(&paths).await;
    for (entry, time) in coarse.into_iter().zip(times) {
        // Where the server does not tell, what it listed is still true.
        if let Ok(Some(modified)) = time {
            entry.modified = Some(modified);
        }
    }
}

fn is_coarser(entry: &Entry, precision: Duration) -> bool {
    entry.modified.is_none_or(|modified| modified.precision > precision)
}
