//! What a directory holds, and how sure the listing is of it.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::{Error, ErrorKind};
use crate::journal::Fact;
use crate::path::{Name, Path};

/// One thing in a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes where the remote told it; directories have none.
    pub size: Option<u64>,
    /// When its content last changed, where the remote told it.
    pub modified: Option<Modified>,
    /// The server's own identity of the content's holder (the `unique` fact, device and inode).
    pub unique: Option<Box<[u8]>>,
    /// What is remembered of it, where it was copied there.
    pub copied: Option<Box<Fact>>,
}

impl Entry {
    /// Returns the directory where a remote starts; its name is a placeholder nobody shows.
    pub fn root() -> Self {
        let name = Name::new(*b"root").expect("a plain word is a name");
        Self::directory(name)
    }

    /// Returns a directory of which nothing but the name is known.
    pub fn directory(name: Name) -> Self {
        Self { name, kind: Kind::Directory, size: None, modified: None, unique: None, copied: None }
    }

    /// Tells whether this is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// Tells whether this is a regular file.
    pub fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File)
    }
}

/// What an [`Entry`] is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A device, a socket, or what the server does not name.
    Other,
    /// A symbolic link, with its target where the remote shows it.
    Symlink {
        /// The target as written.
        target: Option<Box<[u8]>>,
    },
}

/// A modification time and how fine it is: a value read at minute precision says nothing about the
/// second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Modified {
    /// The start of the interval in which the content changed.
    pub at: Timestamp,
    /// The length of that interval: a nanosecond locally, a second from MLSD, a minute or a day
    /// from LIST.
    pub precision: Duration,
}

impl Modified {
    /// Returns what a remote shows that was given this time and keeps it so fine.
    #[must_use]
    pub fn floor(self, precision: Duration) -> Self {
        let step = i128::try_from(precision.as_nanos()).unwrap_or(1).max(1);
        let nanosecond = self.at.as_nanosecond();
        let at = Timestamp::from_nanosecond(nanosecond - nanosecond.rem_euclid(step));
        Self { at: at.unwrap_or(self.at), precision: self.precision.max(precision) }
    }

    /// Tells whether two intervals have a moment in common.
    pub fn meets(self, other: Self) -> bool {
        let (first, second) = if self.at <= other.at { (self, other) } else { (other, self) };
        let instant = Duration::from_nanos(1);
        second.at.duration_since(first.at).unsigned_abs() < first.precision.max(instant)
    }
}

/// The entries of one directory and what could not be read of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listing {
    /// What is there, in no order.
    pub entries: Vec<Entry>,
    /// What the remote said and nobody understood. Not empty: nothing below is deleted.
    pub doubts: Vec<Doubt>,
}

impl Listing {
    /// Tells whether every line became an entry, so that what is absent here is absent there.
    pub fn is_whole(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// One reason not to trust a [`Listing`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// The same name came twice.
    DuplicateName {
        /// The name.
        name: Name,
    },
    /// A name that would leave the directory.
    HostileName {
        /// The bytes as listed.
        name: Box<[u8]>,
        /// Why it is refused.
        reason: crate::path::NameError,
    },
    /// A symbolic link that cannot be followed.
    Link {
        /// Its name.
        name: Name,
        /// Why not.
        reason: String,
    },
    /// A name that the destination cannot tell from another.
    NameClash {
        /// The name.
        name: Name,
        /// The other.
        other: Name,
    },
    /// A line that no dialect explains.
    UnreadLine {
        /// The line as listed.
        line: Box<[u8]>,
        /// Why it was not understood.
        reason: String,
    },
}

impl Doubt {
    /// Returns what to name when this is told of a listing of `directory`.
    pub fn path(&self, directory: &Path) -> Path {
        match self {
            Self::Link { name, .. } => directory.child(name),
            _ => directory.clone(),
        }
    }

    /// Returns the failure that this is where everything in `directory` matters.
    pub fn error(&self, directory: &Path) -> Error {
        let kind = match self {
            // Another listing would say the same.
            Self::Link { .. } => ErrorKind::Link,
            _ => ErrorKind::Protocol,
        };
        Error::new(kind, self.to_string()).on(self.path(directory))
    }
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DuplicateName { name } => write!(f, "the name `{name}` is listed twice"),
            Self::HostileName { name, reason } => {
                write!(f, "refused the name `{}`: {reason}", name.escape_ascii())
            }
            Self::Link { reason, .. } => write!(f, "cannot follow the link: {reason}"),
            Self::NameClash { name, other } => {
                write!(f, "`{name}` and `{other}` are one name on the destination")
            }
            Self::UnreadLine { line, reason } => {
                write!(f, "cannot read the listing line `{}`: {reason}", line.escape_ascii())
            }
        }
    }
}
