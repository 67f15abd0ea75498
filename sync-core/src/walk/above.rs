//! The directories on the way to one, as far as the remotes tell one from another: a server that
//! follows links by itself shows no link that leads back, but a directory that it showed before.

use std::sync::Arc;

use crate::entry::{Doubt, Entry};
use crate::walk::Side;

/// The identities of a directory on both sides and of those above it.
#[derive(Debug)]
pub(super) struct Above {
    here: Option<Box<[u8]>>,
    there: Option<Box<[u8]>>,
    above: Option<Arc<Self>>,
}

impl Above {
    /// Adds a directory to those above it.
    pub(super) fn with(
        above: Option<&Arc<Self>>,
        here: Option<&Entry>,
        there: Option<&Entry>,
    ) -> Option<Arc<Self>> {
        let unique = |entry: Option<&Entry>| entry.and_then(|entry| entry.unique.clone());
        let (here, there) = (unique(here), unique(there));
        if here.is_none() && there.is_none() {
            return above.cloned();
        }
        Some(Arc::new(Self { here, there, above: above.cloned() }))
    }

    /// Takes out of both sides the directories that are above themselves, as doubts.
    pub(super) fn check(self: &Arc<Self>, source: &mut Side, destination: &mut Side) {
        take_out(source, |unique| self.any(|above| above.here.as_deref() == Some(unique)));
        take_out(destination, |unique| self.any(|above| above.there.as_deref() == Some(unique)));
    }

    fn any(self: &Arc<Self>, found: impl Fn(&Self) -> bool) -> bool {
        std::iter::successors(Some(self), |above| above.above.as_ref()).any(|above| found(above))
    }
}

fn take_out(side: &mut Side, is_above: impl Fn(&[u8]) -> bool) {
    let Side::Listed { entries, doubts, .. } = side else { return };
    entries.retain(|entry| {
        let again = entry.is_directory() && entry.unique.as_deref().is_some_and(&is_above);
        if again {
            let reason = "it leads to a directory that it lies in".into();
            doubts.push(Doubt::Link { name: entry.name.clone(), reason });
        }
        !again
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str, unique: &[u8]) -> Entry {
        Entry { unique: Some(unique.into()), ..Entry::directory(name.parse().unwrap()) }
    }

    #[test]
    fn a_directory_that_is_above_itself_is_in_doubt() {
        let top = Above::with(None, Some(&directory("a", b"1")), None);
        let below = Above::with(top.as_ref(), Some(&directory("b", b"2")), None).unwrap();
        let side = || Side::Listed {
            entries: vec![directory("c", b"3"), directory("up", b"1")],
            doubts: Vec::new(),
            partials: Vec::new(),
            hides: false,
        };
        let (mut here, mut there) = (side(), side());
        below.check(&mut here, &mut there);
        assert_eq!((here.entries().len(), here.doubts().len()), (1, 1));
        assert_eq!((there.entries().len(), there.doubts().len()), (2, 0), "the sides are apart");
    }
}
