//! What went wrong, whose fault it is, on which path, and what to do about it.

use std::fmt;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of one operation on one path.
///
/// Messages are lowercase fragments fit for "failed to {error}".
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<String>,
    words: Option<Box<str>>,
    hint: Option<Box<str>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure, as far as a caller may want to act on it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The target exists already.
    AlreadyExists,
    /// The user or a limit stopped the work.
    Cancelled,
    /// The connection could not be made or was lost.
    Connection,
    /// What arrived is not what was sent: sizes or hashes differ.
    Corrupted,
    /// The directory is not there.
    DirectoryNotFound,
    /// A limit that the user has set was reached.
    Limit(Limit),
    /// A symbolic link stands there that is not, or cannot be, followed.
    Link,
    /// The server refused the login.
    Login,
    /// A directory is not empty.
    NotEmpty,
    /// The file is not there.
    NotFound,
    /// A directory stands where a file is due.
    IsADirectory,
    /// A file stands where a directory is due.
    NotADirectory,
    /// The disk or the quota is full.
    NoSpace,
    /// The server or the system forbids it.
    PermissionDenied,
    /// The other side broke its protocol.
    Protocol,
    /// The server is busy for now.
    Temporary,
    /// The peer was silent too long.
    Timeout,
    /// The certificate or the handshake failed.
    Tls,
    /// This remote cannot do that.
    Unsupported,
    /// The caller asked for what makes no sense.
    Usage,
    /// Anything else.
    Other,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Limit {
    /// What is deleted.
    Deletions,
    /// How long transfers may begin.
    Duration,
    /// What is transferred.
    Transfer,
}

impl Error {
    /// Returns an error of this kind that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, words: None, hint: None, source: None }
    }

    /// Returns the error for a directory that is certainly not there.
    pub fn directory_not_found(path: &crate::Path) -> Self {
        Self::new(ErrorKind::DirectoryNotFound, "directory not found").on(path)
    }

    /// Returns the error for a file that is certainly not there.
    pub fn file_not_found(path: &crate::Path) -> Self {
        Self::new(ErrorKind::NotFound, "file not found").on(path)
    }

    /// Returns the error for a file where a directory is due.
    pub fn not_a_directory(path: &crate::Path) -> Self {
        Self::new(ErrorKind::NotADirectory, "a file stands where a directory is due").on(path)
    }

    /// Returns the error for a directory where a file is due.
    pub fn is_a_directory(path: &crate::Path) -> Self {
        Self::new(ErrorKind::IsADirectory, "a directory stands where a file is due").on(path)
    }

    /// Returns the error for a directory that cannot be removed because it holds something.
    pub fn not_empty(path: &crate::Path) -> Self {
        Self::new(ErrorKind::NotEmpty, "the directory is not empty").on(path)
    }

    /// Returns the error for a file that came out with another size than it should have.
    pub fn wrong_size(found: u64, expected: u64) -> Self {
        let message =
            format!("corrupted on transfer: {found} bytes arrived where {expected} were due");
        Self::new(ErrorKind::Corrupted, message)
    }

    /// Returns the error for a copy whose content is not what was sent.
    pub fn wrong_hash(algorithm: &str) -> Self {
        let message = format!("the {algorithm} hash of the copy is not that of what was sent");
        Self::new(ErrorKind::Corrupted, message)
    }

    /// Returns the error of work that was stopped.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "stopped before the end")
    }

    /// Names the path it happened on, unless one is named already.
    #[must_use]
    pub fn on(mut self, path: impl fmt::Display) -> Self {
        self.path.get_or_insert_with(|| path.to_string());
        self
    }

    /// Keeps the server's own words.
    #[must_use]
    pub fn said(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into().into());
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the path it happened on.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Returns what failed and on which path, without the rest.
    pub fn headline(&self) -> String {
        match &self.path {
            Some(path) => format!("{path}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// Returns the server's own words, where it said something.
    pub fn words(&self) -> Option<&str> {
        self.words.as_deref()
    }

    /// Returns what the user can do, where there is something.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Tells whether the same operation may succeed when tried again.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Connection
                | ErrorKind::Corrupted
                | ErrorKind::Protocol
                | ErrorKind::Temporary
                | ErrorKind::Timeout
        )
    }

    /// Tells whether the thing is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind, ErrorKind::DirectoryNotFound | ErrorKind::NotFound)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        if let Some(words) = &self.words {
            write!(f, ": {words}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_said_stands_apart() {
        let error = Error::new(ErrorKind::Login, "refused").on("a").said("`530 no`").hint("look");
        assert_eq!((&*error.headline(), error.words()), ("a: refused", Some("`530 no`")));
        assert_eq!(error.to_string(), "a: refused: `530 no` (look)");
    }

    #[test]
    fn the_message_names_path_and_way_out() {
        let error = Error::new(ErrorKind::NoSpace, "the disk is full")
            .on("a/b")
            .hint("free some space and run again")
            .on("ignored");
        assert_eq!(error.to_string(), "a/b: the disk is full (free some space and run again)");
    }
}
