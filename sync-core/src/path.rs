//! Names and paths of a [`Remote`](crate::Remote): bytes, `/` between segments, checked once.
//!
//! FTP names are bytes in no agreed charset (RFC 3659 section 2.2), and so are Unix names. A
//! [`Path`] keeps them as they are; [`fmt::Display`] replaces what is not UTF-8.

use std::fmt;

/// One segment of a path: not empty, not `.` or `..`, without `/` and NUL.
///
/// A name a server lists that fails this check never reaches the file system.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(Box<[u8]>);

impl Name {
    /// Returns the name, or says why these bytes cannot be one.
    ///
    /// # Errors
    /// [`NameError`] for an empty name, `.`, `..`, a `/` or a NUL.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Result<Self, NameError> {
        let bytes = bytes.into();
        match &*bytes {
            b"" => Err(NameError::Empty),
            b"." | b".." => Err(NameError::Dots),
            name if name.contains(&b'/') => Err(NameError::Separator),
            name if name.contains(&0) => Err(NameError::Nul),
            _ => Ok(Self(bytes)),
        }
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the name as text, with U+FFFD where it is not UTF-8.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text.as_bytes())
    }
}

/// Why bytes cannot be a [`Name`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// `.` or `..`.
    #[error("the name is `.` or `..`")]
    Dots,
    /// No bytes.
    #[error("the name is empty")]
    Empty,
    /// A NUL byte.
    #[error("the name holds a NUL byte")]
    Nul,
    /// A `/`.
    #[error("the name holds a `/`")]
    Separator,
}

/// A normal path: [`Name`]s joined by `/`, absolute where it begins with `/`.
///
/// The empty path is where the remote starts: the login directory of a server, the root of a tree.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Path(Vec<u8>);

impl Path {
    /// Returns the path where a remote starts.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Returns the path these bytes spell; repeated and trailing `/` and `.` segments vanish.
    ///
    /// # Errors
    /// [`NameError::Dots`] for a `..` segment, [`NameError::Nul`] for a NUL byte.
    pub fn new(bytes: &[u8]) -> Result<Self, NameError> {
        let mut path = Self(if bytes.starts_with(b"/") { vec![b'/'] } else { Vec::new() });
        for segment in bytes.split(|&b| b == b'/') {
            if !segment.is_empty() && segment != b"." {
                path.push(&Name::new(segment)?);
            }
        }
        Ok(path)
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path as text, with U+FFFD where it is not UTF-8.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Tells whether the path is empty: where the remote starts.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether the path begins at the server's own root.
    pub fn is_absolute(&self) -> bool {
        self.0.starts_with(b"/")
    }

    /// Appends a name.
    pub fn push(&mut self, name: &Name) {
        if !self.0.is_empty() && !self.0.ends_with(b"/") {
            self.0.push(b'/');
        }
        self.0.extend_from_slice(name.as_bytes());
    }

    /// Returns the path of `name` in this directory.
    #[must_use]
    pub fn child(&self, name: &Name) -> Self {
        let mut path = Self(Vec::with_capacity(self.0.len() + 1 + name.as_bytes().len()));
        path.0.extend_from_slice(&self.0);
        path.push(name);
        path
    }

    /// Returns this path with a relative one appended.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        let mut path = self.clone();
        for name in below.names() {
            path.push(&name);
        }
        path
    }

    /// Returns the last name; nothing for the empty path and `/`.
    pub fn name(&self) -> Option<Name> {
        self.split().map(|(_, name)| name)
    }

    /// Returns the directory that holds this path; nothing for the empty path and `/`.
    pub fn parent(&self) -> Option<Self> {
        self.split().map(|(parent, _)| parent)
    }

    /// Returns the parent and the last name; nothing for the empty path and `/`.
    pub fn split(&self) -> Option<(Self, Name)> {
        let start = self.0.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
        if start == self.0.len() {
            return None;
        }
        let parent_len = if start > 1 { start - 1 } else { start };
        Some((Self(self.0[..parent_len].to_vec()), Name(self.0[start..].into())))
    }

    /// Returns the names from the top down.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = Name> + '_ {
        self.0.split(|&b| b == b'/').filter(|s| !s.is_empty()).map(|s| Name(s.into()))
    }

    /// Returns the number of names.
    pub fn depth(&self) -> usize {
        self.names().count()
    }

    /// Returns this path as seen from `directory`, where it lies there.
    pub fn below(&self, directory: &Self) -> Option<Self> {
        let rest = self.0.get(directory.0.len()..).filter(|_| self.is_within(directory))?;
        Some(Self(rest.strip_prefix(b"/").unwrap_or(rest).to_vec()))
    }

    /// Tells whether this path is `directory` or lies below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        let dir = &directory.0;
        self.0.starts_with(dir)
            && self.is_absolute() == directory.is_absolute()
            && (dir.is_empty()
                || dir.ends_with(b"/")
                || self.0.len() == dir.len()
                || self.0[dir.len()] == b'/')
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl std::str::FromStr for Path {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_is_normal() {
        assert_eq!(path("a//b/./c/").as_bytes(), b"a/b/c");
        assert_eq!(path("//a").as_bytes(), b"/a");
        assert_eq!(path("/").as_bytes(), b"/");
        assert_eq!(path("./").as_bytes(), b"");
        assert_eq!("a/../b".parse::<Path>(), Err(NameError::Dots));
        assert_eq!("a\0b".parse::<Path>(), Err(NameError::Nul));
    }

    #[test]
    fn parent_and_name_take_a_path_apart() {
        let split = |text: &str| {
            path(text).split().map(|(parent, name)| (parent.to_string(), name.to_string()))
        };
        assert_eq!(split("a/b"), Some(("a".into(), "b".into())));
        assert_eq!(split("/b"), Some(("/".into(), "b".into())));
        assert_eq!(split("b"), Some((String::new(), "b".into())));
        assert_eq!(split(""), None);
        assert_eq!(split("/"), None);
    }

    #[test]
    fn within_stops_at_a_name() {
        assert!(path("a/b").is_within(&path("a")));
        assert!(path("a").is_within(&path("a")));
        assert!(path("/a").is_within(&path("/")));
        assert!(path("a").is_within(&Path::root()));
        assert!(!path("ab").is_within(&path("a")));
        assert!(!path("/a").is_within(&Path::root()));
    }

    #[test]
    fn below_leaves_the_directory_out() {
        let below = |path_: &str, directory: &str| {
            path(path_).below(&path(directory)).map(|path| path.to_string())
        };
        assert_eq!(below("a/b/c", "a").as_deref(), Some("b/c"));
        assert_eq!(below("/b", "/").as_deref(), Some("b"));
        assert_eq!(below("a", "").as_deref(), Some("a"));
        assert_eq!(below("a", "a").as_deref(), Some(""));
        assert_eq!(below("ab", "a"), None);
    }

    #[test]
    fn join_keeps_the_start() {
        assert_eq!(path("/a").join(&path("b/c")), path("/a/b/c"));
        assert_eq!(Path::root().join(&path("b")), path("b"));
        assert_eq!(path("a").join(&Path::root()), path("a"));
    }
}
