//! What the engine tells of its work while it works. The terminal is one listener, the log
//! another, a recorder in tests the third.

use std::borrow::Cow;
use std::fmt;

use crate::{Error, Path};

/// A listener. Called from many tasks at once; returns at once.
pub trait Progress: Send + Sync {
    /// Takes note of what just happened.
    fn event(&self, event: Event<'_>);
}

/// One thing that happened. Sizes are in bytes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A directory was listed on one side.
    Listed {
        /// How many entries it holds.
        entries: u64,
    },
    /// A pair of files waits to be compared.
    CheckQueued,
    /// A pair of files was compared, or a thing to delete was looked at.
    Checked {
        /// The file.
        path: &'a Path,
    },
    /// A file of the source stays as it is on the destination.
    Left {
        /// The file.
        path: &'a Path,
        /// Whether both are the same; else an option protects the destination's.
        same: bool,
    },
    /// A file only the destination has stays there, which is told where that was asked for.
    Extra {
        /// The file.
        path: &'a Path,
    },
    /// A transfer was decided on.
    TransferQueued {
        /// The source's size where known.
        size: Option<u64>,
    },
    /// A transfer begins. `transfer` tells concurrent ones apart.
    TransferStarted {
        /// Identifies the transfer in the events that follow.
        transfer: u64,
        /// The file.
        path: &'a Path,
        /// Its size where known.
        size: Option<u64>,
    },
    /// A transfer goes on where an earlier one has stopped.
    TransferContinued {
        /// Which transfer.
        transfer: u64,
        /// The file.
        path: &'a Path,
        /// How much is there already.
        offset: u64,
    },
    /// Bytes have moved.
    Transferred {
        /// Which transfer.
        transfer: u64,
        /// How many since the last such event.
        bytes: u64,
    },
    /// A transfer ended, well or not; its error, if any, comes as [`Event::Failed`].
    TransferFinished {
        /// Which transfer.
        transfer: u64,
        /// The file.
        path: &'a Path,
        /// Whether the file now stands under its final name.
        done: bool,
    },
    /// An action was carried out.
    Done {
        /// What was done.
        deed: Deed,
        /// On what.
        path: &'a Path,
        /// The size of the file concerned, where known.
        size: Option<u64>,
        /// Why the plan asked for it, as a summary counts it.
        cause: Cause,
        /// Why the plan asked for it, as a user reads it.
        reason: &'a str,
    },
    /// An action was skipped because of a dry run or the user's answer.
    Skipped {
        /// What would have been done.
        deed: Deed,
        /// On what.
        path: &'a Path,
        /// The size of the file concerned, where known.
        size: Option<u64>,
        /// Why the plan asked for it, as a summary counts it.
        cause: Cause,
        /// Why the plan asked for it, as a user reads it.
        reason: &'a str,
    },
    /// One operation failed; the run goes on.
    Failed {
        /// On what.
        path: &'a Path,
        /// What went wrong.
        error: &'a Error,
    },
    /// Something a user should read though nothing failed.
    Notice {
        /// On what, where on something.
        path: Option<&'a Path>,
        /// The text.
        message: &'a str,
    },
    /// Something a user who wants to know more may read.
    Remark {
        /// On what.
        path: &'a Path,
        /// The text.
        message: &'a str,
    },
    /// An operation is tried again.
    Retrying {
        /// On what.
        path: &'a Path,
        /// Which try comes now, from 2.
        attempt: u32,
        /// What went wrong before.
        error: &'a Error,
    },
}

/// What an action does, in the words of the summary.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Deed {
    /// A file was moved to its backup instead of being removed.
    BackedUp,
    /// A new file was copied.
    CopiedNew,
    /// A file was replaced.
    CopiedOver,
    /// A file was removed.
    Deleted,
    /// A directory was made.
    MadeDirectory,
    /// A file was moved by the server.
    Moved,
    /// A directory was moved by the server with all it holds.
    MovedDirectory,
    /// A directory was removed.
    RemovedDirectory,
    /// The time of a directory was set.
    SetDirectoryModified,
    /// Only the time was set.
    SetModified,
}

/// Why a change is made, as a summary counts it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The content differs.
    Hash,
    /// The destination has no such file.
    New,
    /// The user asked for it, whatever the files are.
    #[default]
    Request,
    /// The sizes differ.
    Size,
    /// The times differ.
    Time,
}

/// Why a change is made, as a user reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// As a summary counts it.
    pub cause: Cause,
    text: Cow<'static, str>,
}

impl Reason {
    /// Returns a reason of a kind.
    pub fn new(cause: Cause, text: impl Into<Cow<'static, str>>) -> Self {
        Self { cause, text: text.into() }
    }

    /// Returns the words.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for Reason {
    fn from(text: T) -> Self {
        Self::new(Cause::default(), text)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _event: Event<'_>) {}
}
