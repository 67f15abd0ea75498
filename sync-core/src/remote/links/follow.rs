//! Links as what they lead to, and links that would be followed for ever.
//!
//! Whether a link leads back to a directory it lies in shows by the identity of directories where
//! the remote tells it (device and inode; the `unique` fact, which ProFTPD gives a link of what it
//! leads to), and by the targets of the links on the way: a target is taken as it is written, as far
//! as it is no link itself that was seen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::entry::{Doubt, Entry, Kind, Listing};
use crate::error::Result;
use crate::path::{Name, Path};
use crate::remote::Remote;

/// How many links may be followed on the way to one directory, where nothing tells whether it was
/// seen before.
const MOST_FOLLOWED: usize = 16;

/// Follows links.
#[derive(Debug)]
pub(super) struct Followed {
    remote: Arc<dyn Remote>,
    /// Where the links to directories lead that were followed.
    places: Mutex<HashMap<Path, Path>>,
}

struct Link {
    name: Name,
    target: Option<Box<[u8]>>,
    unique: Option<Box<[u8]>>,
}

impl Followed {
    pub(super) fn new(remote: Arc<dyn Remote>) -> Self {
        Self { remote, places: Mutex::default() }
    }

    /// Lists a directory, what links lead to in their place.
    pub(super) async fn list(&self, directory: &Path) -> Result<Listing> {
        let mut listing = self.remote.list(directory).await?;
        let untold = |entry: &Entry| entry.kind == Kind::Symlink { target: None };
        if listing.entries.iter().any(untold) {
            let first = std::mem::replace(&mut listing, self.remote.list_links(directory).await?);
            keep_identities(&mut listing, first);
        }
        let links = take_links(&mut listing);
        let paths: Vec<Path> = links.iter().map(|link| directory.child(&link.name)).collect();
        if paths.is_empty() {
            return Ok(listing);
        }
        let found = self.remote.follow_all(&paths).await;
        for ((link, path), found) in links.into_iter().zip(paths).zip(found) {
            match self.follow(&path, &link, found).await? {
                Ok(entry) => listing.entries.push(Entry { name: link.name, ..entry }),
                Err(reason) => listing.doubts.push(Doubt::Link { name: link.name, reason }),
            }
        }
        Ok(listing)
    }

    /// Returns what stands for a link, or why nothing can.
    async fn follow(
        &self,
        path: &Path,
        link: &Link,
        found: Result<Option<Entry>>,
    ) -> Result<Result<Entry, String>> {
        let target = match &link.target {
            Some(target) => format!("`{}`", target.escape_ascii()),
            None => "somewhere".into(),
        };
        let entry = match found {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(Err(format!("it leads to {target}, and nothing is there"))),
            Err(error) if error.is_temporary() => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        };
        if entry.is_directory() && self.leads_back(path, link, &entry).await? {
            return Ok(Err(format!("it leads to {target}, a directory that it lies in")));
        }
        Ok(Ok(entry))
    }

    async fn leads_back(&self, path: &Path, link: &Link, found: &Entry) -> Result<bool> {
        let above: Vec<Path> = std::iter::successors(path.parent(), Path::parent).collect();
        if let Some(unique) = found.unique.as_ref().or(link.unique.as_ref()) {
            let mut seen = self.remote.follow_all(&above).await;
            seen.append(&mut self.remote.stat_all(&above).await);
            let seen = seen.into_iter().collect::<Result<Vec<_>>>()?;
            if seen.into_iter().flatten().any(|entry| entry.unique.as_ref() == Some(unique)) {
                return Ok(true);
            }
        }
        if found.unique.is_some() {
            return Ok(false);
        }
        let mut places = self.places();
        let followed = above.iter().filter(|directory| places.contains_key(directory)).count();
        let place = link.target.as_deref().and_then(|target| resolve(&places, path, target));
        let Some(place) = place else { return Ok(followed >= MOST_FOLLOWED) };
        let back = above.iter().any(|directory| real(&places, directory).is_within(&place));
        places.insert(path.clone(), place);
        Ok(back || followed >= MOST_FOLLOWED)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Path, Path>> {
        self.places.lock().expect("no holder of the lock panics")
    }
}

/// Gives links the identities that another listing of the directory has for them.
fn keep_identities(listing: &mut Listing, first: Listing) {
    let identified = first.entries.into_iter().filter(|entry| entry.unique.is_some());
    let mut identities: HashMap<Name, _> =
        identified.map(|entry| (entry.name, entry.unique)).collect();
    let links = listing.entries.iter_mut();
    for link in links.filter(|entry| matches!(entry.kind, Kind::Symlink { .. })) {
        link.unique = identities.remove(&link.name).flatten();
    }
}

fn take_links(listing: &mut Listing) -> Vec<Link> {
    let mut links = Vec::new();
    listing.entries.retain_mut(|entry| match &mut entry.kind {
        Kind::Symlink { target } => {
            let unique = entry.unique.take();
            links.push(Link { name: entry.name.clone(), target: target.take(), unique });
            false
        }
        _ => true,
    });
    links
}

/// Returns where a directory is, by way of the links that were followed to it.
fn real(places: &HashMap<Path, Path>, directory: &Path) -> Path {
    let mut place = Path::root();
    let mut walked = if directory.is_absolute() { absolute_root() } else { Path::root() };
    place.clone_from(&walked);
    for name in directory.names() {
        walked.push(&name);
        place.push(&name);
        if let Some(leads_to) = places.get(&walked).or_else(|| places.get(&place)) {
            place.clone_from(leads_to);
        }
    }
    place
}

/// Returns where a link leads; nothing where that lies above all that can be named.
fn resolve(places: &HashMap<Path, Path>, link: &Path, target: &[u8]) -> Option<Path> {
    let mut place =
        if target.starts_with(b"/") { absolute_root() } else { real(places, &link.parent()?) };
    for segment in target.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." if place.as_bytes() == b"/" => {}
            b".." => place = place.parent()?,
            segment => {
                place.push(&Name::new(segment).ok()?);
                if let Some(leads_to) = places.get(&place) {
                    place.clone_from(leads_to);
                }
            }
        }
    }
    Some(place)
}

fn absolute_root() -> Path {
    Path::new(b"/").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    /// Checks where a link leads once others, each `link -> place`, were followed.
    #[track_caller]
    fn check(followed: &[(&str, &str)], link: &str, target: &str, expected: Option<&str>) {
        let places = followed.iter().map(|(link, place)| (path(link), path(place))).collect();
        assert_eq!(resolve(&places, &path(link), target.as_bytes()), expected.map(path));
    }

    #[test]
    fn a_target_is_seen_from_where_the_link_really_lies() {
        check(&[], "a/l", "x", Some("a/x"));
        check(&[], "a/l", ".", Some("a"));
        check(&[], "a/l", "..//./b", Some("b"));
        check(&[], "a/l", "/x/..", Some("/"));
        check(&[], "/a/l", "../../..", Some("/"));
        check(&[], "l", "..", None);
        check(&[("a", "b/c")], "a/l", "..", Some("b"));
        check(&[("a", "b"), ("b/d", "/e")], "a/d/l", "x", Some("/e/x"));
        check(&[("a", "b")], "l", "a/x", Some("b/x"));
    }
}
