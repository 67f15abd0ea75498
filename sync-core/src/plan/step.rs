//! What a plan consists of: steps, each with what it does and why.

use crate::entry::{Entry, Modified};
use crate::error::Error;
use crate::journal::Fact;
use crate::partial::Begun;
use crate::path::Path;
use crate::progress::Reason;

use super::Dating;

/// One step of a plan.
#[derive(Debug)]
pub struct Step {
    /// What it is about, relative to the source.
    pub path: Path,
    /// Where that lies on the destination, if under another name.
    pub alias: Option<Path>,
    /// What to do.
    pub action: Action,
}

impl Step {
    /// Returns where it happens, relative to the destination.
    pub fn target(&self) -> &Path {
        self.alias.as_ref().unwrap_or(&self.path)
    }
}

/// What a [`Step`] does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// Copy a file.
    Copy {
        /// The source's file.
        source: Entry,
        /// The destination's file that it replaces.
        replaces: Option<Entry>,
        /// Whether its directory is still to be made.
        in_new_directory: bool,
        /// What an earlier run has copied of it.
        begun: Option<Begun>,
        /// Why.
        reason: Reason,
    },
    /// Give a directory its time, once all else is done.
    DateDirectory(Dating),
    /// Remove what is left of a copy that will not be continued.
    Discard {
        /// Its size.
        size: Option<u64>,
    },
    /// Report something not understood; what is elsewhere goes on as if nothing were.
    Doubt(Error),
    /// Leave a file as it is.
    Keep {
        /// The source's file.
        source: Entry,
        /// Whether the destination's file is the same, so that a move may remove the source's.
        same: bool,
        /// What the journal did not know.
        learnt: Option<Learnt>,
    },
    /// Leave a file that only the destination has.
    Leave,
    /// Leave a directory of the destination that the source has not, since something in it stays;
    /// what else it holds has gone before.
    LeaveDirectory,
    /// Make a directory though it gets no file.
    MakeDirectory,
    /// Move a directory whole, where one remote holds both sides.
    MoveDirectory,
    /// Report a failure.
    Refuse(Error),
    /// Remove a file of the destination that the source has not.
    Remove {
        /// Its size.
        size: Option<u64>,
        /// When it changed.
        modified: Option<Modified>,
        /// What is remembered of it.
        copied: Option<Box<Fact>>,
    },
    /// Let the destination rename a file that is what the source has under another name; copy it if
    /// that fails.
    Rename {
        /// Where the destination has it.
        from: Path,
        /// The source's file.
        source: Entry,
        /// Whether its directory is still to be made.
        in_new_directory: bool,
        /// What is remembered of what the destination has.
        copied: Option<Box<Fact>>,
    },
    /// Remove a directory of the destination that the source has not; its content has gone before.
    RemoveDirectory,
    /// Find out by content whether two files of one size differ, and copy if so.
    Settle {
        /// The source's file.
        source: Entry,
        /// The destination's file.
        destination: Entry,
        /// What an earlier run has copied of it.
        begun: Option<Begun>,
        /// Why they may differ.
        reason: Reason,
    },
    /// Tell the user something.
    Tell(String),
}

impl Action {
    /// Has a copy become a rename of what the destination has at `from`.
    pub(crate) fn renaming(self, from: Path, copied: Option<Box<Fact>>) -> Self {
        match self {
            Self::Copy { source, in_new_directory, .. } => {
                Self::Rename { from, source, in_new_directory, copied }
            }
            other => other,
        }
    }

    /// Has a copy go on where an earlier run has left it.
    pub(crate) fn continuing(mut self, find: impl FnOnce() -> Option<Begun>) -> Self {
        if let Self::Copy { begun, .. } | Self::Settle { begun, .. } = &mut self {
            *begun = find();
        }
        self
    }
}

/// What a comparison has found that the journal did not know.
#[derive(Debug)]
pub struct Learnt {
    /// What is to be remembered.
    pub fact: Fact,
    /// Whether something else was.
    pub corrects: bool,
}

impl Learnt {
    pub(crate) fn from(here: &Entry, there: &Entry) -> Option<Self> {
        let known = there.copied.as_deref();
        if known.is_some_and(|fact| fact.holds_for(there) && !fact.lacks(there)) {
            return None;
        }
        let corrects = known.is_some_and(|fact| !fact.holds_for(there));
        let sha256 =
            known.filter(|fact| fact.holds_for(there)).and_then(|fact| fact.sha256.clone());
        Some(Self { fact: Fact { sha256, ..Fact::of(here, there)? }, corrects })
    }
}
