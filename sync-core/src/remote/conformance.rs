//! What every backend must do, as one suite. Each check works in a directory of its own below a
//! tree the caller gives; nothing else may be there.
//!
//! # Panics
//! Every check panics where the backend breaks the contract.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::entry::{Entry, Kind, Modified};
use crate::error::{ErrorKind, Result};
use crate::hash::Hasher;
use crate::path::{Name, Path};
use crate::remote::{Commit, Remote, Tree};

/// What the place behind a backend cannot hold, though the backend is right.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Names the server refuses or changes; they are not tried.
    pub names: Vec<&'static str>,
}

/// Runs the whole suite.
pub async fn all(tree: &Tree, limits: &Limits) {
    empty_and_missing_directories(tree).await;
    files_come_back_as_written(tree).await;
    a_dropped_writer_leaves_the_final_name_alone(tree).await;
    a_wrong_size_is_not_committed(tree).await;
    a_wrong_hash_is_not_committed(tree).await;
    ranges(tree).await;
    writing_goes_on_at_an_offset(tree).await;
    directories_are_made_with_their_parents(tree).await;
    directories_are_removed_only_when_empty(tree).await;
    files_are_removed(tree).await;
    renames(tree).await;
    copies(tree).await;
    times(tree).await;
    directory_times(tree).await;
    links(tree).await;
    many_at_once_answer_in_order(tree).await;
    odd_names(tree, limits).await;
}

/// An empty directory lists as empty, a missing one as missing, a file as no directory.
pub async fn empty_and_missing_directories(tree: &Tree) {
    let place = Place::new(tree, "listing").await;
    assert_eq!(place.list("").await, Vec::<String>::new());
    kind_is(place.remote().list(&place.path("missing")).await, &[ErrorKind::DirectoryNotFound]);
    assert_eq!(place.stat("missing").await, None);
    assert_eq!(place.stat("missing/below").await, None);
    place.write("file", b"x").await;
    kind_is(place.remote().list(&place.path("file")).await, NO_DIRECTORY);
    let directory = place.stat("").await.expect("the directory is there");
    assert!(directory.is_directory());
    let root = place.remote().stat(&Path::root()).await.unwrap();
    assert!(root.expect("a remote starts somewhere").is_directory());
}

/// Content, size and kind survive, also of a file without bytes, and replacing works.
pub async fn files_come_back_as_written(tree: &Tree) {
    let place = Place::new(tree, "content").await;
    let large: Vec<u8> = (0..700_001_u32).map(|i| (i % 251) as u8).collect();
    for content in [b"".as_slice(), b"old and longer", b"new", &large] {
        place.write("file", content).await;
        assert_eq!(place.read("file", 0, None).await, content);
        let entry = place.stat("file").await.expect("it was written");
        assert_eq!((entry.kind, entry.size), (Kind::File, Some(content.len() as u64)));
    }
    assert_eq!(place.list("").await, ["file"]);
    kind_is(place.open("missing").await, &[ErrorKind::NotFound]);
}

/// Giving up leaves what stood under the final name as it was.
pub async fn a_dropped_writer_leaves_the_final_name_alone(tree: &Tree) {
    let place = Place::new(tree, "dropped").await;
    place.write("file", b"whole").await;
    let mut writer = place.remote().create(&place.path("file.partial"), 0).await.unwrap();
    writer.write(Bytes::from_static(b"half")).await.unwrap();
    drop(writer);
    assert_eq!(place.read("file", 0, None).await, b"whole");
}

/// A file that came out with another size is not given its name.
pub async fn a_wrong_size_is_not_committed(tree: &Tree) {
    let place = Place::new(tree, "size").await;
    let mut writer = place.remote().create(&place.path("file.partial"), 0).await.unwrap();
    writer.write(Bytes::from_static(b"four")).await.unwrap();
    let rename_to = Some(place.path("file"));
    let commit = Commit { size: Some(5), rename_to, ..Commit::default() };
    kind_is(writer.commit(commit).await, &[ErrorKind::Corrupted]);
    assert_eq!(place.stat("file").await, None);
}

/// A file whose content is not what was sent is not given its name either.
pub async fn a_wrong_hash_is_not_committed(tree: &Tree) {
    let place = Place::new(tree, "hash").await;
    let Some(hash) = place.remote().capability().hashes.first().copied() else { return };
    for (name, content) in [("right", "four"), ("wrong", "FOUR")] {
        let mut hasher = Hasher::new(hash).unwrap();
        hasher.update(b"four");
        let partial = place.path(&format!("{name}.partial"));
        let mut writer = place.remote().create(&partial, 0).await.unwrap();
        writer.write(Bytes::from(content)).await.unwrap();
        let rename_to = Some(place.path(name));
        let hash = Some((hash, hasher.finish()));
        let commit = Commit { size: Some(4), hash, rename_to, modified: None };
        let committed = writer.commit(commit).await;
        match name {
            "right" => assert!(committed.is_ok(), "{committed:?}"),
            _ => kind_is(committed, &[ErrorKind::Corrupted]),
        }
    }
    assert!(place.stat("right").await.is_some() && place.stat("wrong").await.is_none());
}

/// Reading begins at an offset and ends after a length.
pub async fn ranges(tree: &Tree) {
    let place = Place::new(tree, "ranges").await;
    place.write("file", b"0123456789").await;
    if place.remote().capability().read_at {
        assert_eq!(place.read("file", 3, None).await, b"3456789");
        assert_eq!(place.read("file", 3, Some(4)).await, b"3456");
        assert_eq!(place.read("file", 10, None).await, b"");
    }
    assert_eq!(place.read("file", 0, Some(2)).await, b"01");
    assert_eq!(place.read("file", 0, Some(100)).await, b"0123456789");
}

/// Writing from an offset keeps what lies before it.
pub async fn writing_goes_on_at_an_offset(tree: &Tree) {
    let place = Place::new(tree, "offset").await;
    if !place.remote().capability().write_at {
        return;
    }
    place.write("file", b"01234").await;
    let mut writer = place.remote().create(&place.path("file"), 5).await.unwrap();
    writer.write(Bytes::from_static(b"56789")).await.unwrap();
    writer.commit(Commit { size: Some(10), ..Commit::default() }).await.unwrap();
    assert_eq!(place.read("file", 0, None).await, b"0123456789");
}

/// Making a directory makes its parents; making it again is no failure.
pub async fn directories_are_made_with_their_parents(tree: &Tree) {
    let place = Place::new(tree, "made").await;
    for _ in 0..2 {
        place.mkdir("a/b/c").await;
        assert_eq!(place.list("a/b").await, ["c"]);
    }
    place.write("a/file", b"").await;
    assert_eq!(place.list("a").await, ["b", "file"]);
    let below_a_file = place.remote().mkdir(&place.path("a/file/d")).await;
    assert!(below_a_file.is_err(), "a directory was made below a file");
    let over_a_file = place.remote().mkdir(&place.path("a/file")).await;
    kind_is(over_a_file, &[ErrorKind::NotADirectory, ErrorKind::AlreadyExists]);
}

/// A directory goes only when it is empty, and why it stays is told.
pub async fn directories_are_removed_only_when_empty(tree: &Tree) {
    let place = Place::new(tree, "removed").await;
    place.mkdir("a/b").await;
    place.write("a/b/file", b"").await;
    let remote = place.remote();
    kind_is(remote.rmdir(&place.path("a/b")).await, &[ErrorKind::NotEmpty]);
    kind_is(remote.rmdir(&place.path("a/missing")).await, &[ErrorKind::DirectoryNotFound]);
    assert!(remote.rmdir(&place.path("a/b/file")).await.is_err(), "a file went as a directory");
    remote.remove(&place.path("a/b/file")).await.unwrap();
    remote.rmdir(&place.path("a/b")).await.unwrap();
    assert_eq!(place.list("a").await, Vec::<String>::new());
    place.mkdir("a/b").await;
    assert_eq!(place.list("a").await, ["b"]);
}

/// Files go; directories and missing files do not go as files.
pub async fn files_are_removed(tree: &Tree) {
    let place = Place::new(tree, "deleted").await;
    place.write("file", b"x").await;
    place.mkdir("directory").await;
    let remote = place.remote();
    remote.remove(&place.path("file")).await.unwrap();
    kind_is(remote.remove(&place.path("file")).await, &[ErrorKind::NotFound]);
    assert!(remote.remove(&place.path("directory")).await.is_err(), "a directory went as a file");
    assert_eq!(place.list("").await, ["directory"]);
}

/// A copy holds what the file holds, and replaces what stands there.
pub async fn copies(tree: &Tree) {
    let place = Place::new(tree, "copied").await;
    let remote = place.remote();
    if !remote.capability().copy {
        return;
    }
    place.write("a", b"first").await;
    place.write("b", b"the second").await;
    remote.copy(&place.path("a"), &place.path("c")).await.unwrap();
    remote.copy(&place.path("a"), &place.path("b")).await.unwrap();
    assert_eq!(place.list("").await, ["a", "b", "c"]);
    assert_eq!(place.read("b", 0, None).await, b"first");
    assert_eq!(place.read("c", 0, None).await, b"first");
    assert!(remote.copy(&place.path("none"), &place.path("d")).await.is_err());
}

/// Renaming moves files, replaces one that is in the way, and moves directories with all they hold.
pub async fn renames(tree: &Tree) {
    let place = Place::new(tree, "renamed").await;
    let remote = place.remote();
    if !remote.capability().rename {
        return;
    }
    place.write("a", b"first").await;
    place.write("b", b"second").await;
    remote.rename(&place.path("a"), &place.path("b")).await.unwrap();
    assert_eq!(place.list("").await, ["b"]);
    assert_eq!(place.read("b", 0, None).await, b"first");
    kind_is(remote.rename(&place.path("a"), &place.path("c")).await, &[ErrorKind::NotFound]);
    place.mkdir("d/e").await;
    place.write("d/e/file", b"deep").await;
    remote.rename(&place.path("d"), &place.path("f")).await.unwrap();
    assert_eq!(place.read("f/e/file", 0, None).await, b"deep");
    assert_eq!(place.stat("d").await, None);
    // What was renamed away can be made again, whatever is remembered of it.
    place.mkdir("d/e").await;
    place.write("d/e/file", b"again").await;
}

/// Times are kept as fine as the capability says, given alone or with a file. A server that turns
/// out to refuse them is no longer said to take them.
pub async fn times(tree: &Tree) {
    let place = Place::new(tree, "times").await;
    let capability = place.remote().capability();
    let Some(precision) = capability.write_precision else { return };
    for second in [0, 1_000_000_000, 1_722_470_399, 2_000_000_001] {
        let time = Timestamp::new(second, 123_456_789).unwrap();
        place.write("alone", b"x").await;
        let set = place.remote().set_modified(&place.path("alone"), time).await;
        if place.remote().capability().write_precision.is_none() {
            kind_is(set, &[ErrorKind::Unsupported, ErrorKind::PermissionDenied]);
            return;
        }
        set.unwrap();
        place.write_at("with", b"x", Some(time)).await;
        for name in ["alone", "with"] {
            let shown = place.stat(name).await.and_then(|entry| entry.modified);
            let shown = shown.expect("a time that can be set is shown");
            let off = time.duration_since(shown.at);
            let allowed = precision.max(shown.precision);
            assert!(
                !off.is_negative() && off.unsigned_abs() < allowed,
                "{name}: {time} came back as {shown:?}"
            );
        }
    }
}

/// Directories keep the times they are given, or the remote says that it gives them none.
pub async fn directory_times(tree: &Tree) {
    let place = Place::new(tree, "directory times").await;
    let time = Timestamp::new(1_000_000_000, 123_456_789).unwrap();
    place.mkdir("a/b").await;
    let times = ["a/b", "missing", "a"].map(|name| (place.path(name), time));
    let claimed = place.remote().capability().set_directory_modified;
    let set = place.remote().set_directory_modified_all(&times).await;
    assert_eq!(set.len(), 3);
    if !place.remote().capability().set_directory_modified {
        assert!(set.iter().all(Result::is_err), "claimed: {claimed}: {set:?}");
        return;
    }
    assert!(set[0].is_ok() && set[1].is_err() && set[2].is_ok(), "{set:?}");
    for name in ["a", "a/b"] {
        let shown = place.stat(name).await.and_then(|entry| entry.modified);
        let shown = shown.expect("a time that can be set is shown");
        let kept = shown.meets(Modified { at: time, precision: Duration::from_nanos(1) });
        assert!(kept, "{name}: {time} came back as {shown:?}");
    }
}

/// A link shows its target and its own time, takes the place of a file, and moves and goes itself.
pub async fn links(tree: &Tree) {
    let place = Place::new(tree, "links").await;
    let remote = place.remote();
    let time = Timestamp::from_second(1_000_000_000).unwrap();
    if !remote.capability().symlink {
        let refused = remote.symlink(&place.path("link"), b"file", None).await;
        return kind_is(refused, &[ErrorKind::Unsupported]);
    }
    place.write("file", b"content").await;
    place.write("link", b"in the way").await;
    for target in ["elsewhere", "file"] {
        remote.symlink(&place.path("link"), target.as_bytes(), Some(time)).await.unwrap();
        let listing = remote.list_links(&place.path("")).await.unwrap();
        let shown = listing.entries.into_iter().find(|entry| entry.name == name_of("link"));
        let shown = shown.expect("what was made is listed");
        assert_eq!(shown.kind, Kind::Symlink { target: Some(target.as_bytes().into()) });
        assert_eq!(shown.modified.map(|modified| modified.at), Some(time));
    }
    place.mkdir("directory").await;
    let over = remote.symlink(&place.path("directory"), b"file", None).await;
    assert!(over.is_err(), "a link took the place of a directory");
    remote.rename(&place.path("link"), &place.path("moved")).await.unwrap();
    remote.remove(&place.path("moved")).await.unwrap();
    assert_eq!(place.read("file", 0, None).await, b"content");
}

/// Each answer stands where its question stood, and a failure in the middle harms no neighbour.
pub async fn many_at_once_answer_in_order(tree: &Tree) {
    let place = Place::new(tree, "many").await;
    let remote = place.remote();
    let names: Vec<String> = (0..30).map(|i| format!("d{i:02}")).collect();
    let directories: Vec<Path> = names.iter().map(|name| place.path(name)).collect();
    all_ok(&remote.mkdir_all(&directories).await);
    assert_eq!(place.list("").await, names);
    place.write("d07/file", b"x").await;
    let asked = ["d00", "missing", "d02"].map(|name| place.path(name));
    let stats = remote.stat_all(&asked).await.into_iter();
    let stats: Vec<bool> = stats.map(|stat| stat.unwrap().is_some()).collect();
    assert_eq!(stats, [true, false, true]);
    let gone = remote.rmdir_all(&directories).await;
    for (index, result) in gone.into_iter().enumerate() {
        match index {
            7 => kind_is(result, &[ErrorKind::NotEmpty]),
            _ => result.unwrap(),
        }
    }
    assert_eq!(place.list("").await, ["d07"]);
    let files = ["d07/file", "d07/missing", "d07/other"].map(|name| place.path(name));
    place.write("d07/other", b"x").await;
    let [first, second, third] = remote.remove_all(&files).await.try_into().expect("one each");
    first.unwrap();
    kind_is(second, &[ErrorKind::NotFound]);
    third.unwrap();
    assert_eq!(place.list("d07").await, Vec::<String>::new());
    assert!(remote.remove_all(&[]).await.is_empty());
}

/// Names that trap other clients survive every operation.
pub async fn odd_names(tree: &Tree, limits: &Limits) {
    let place = Place::new(tree, "odd").await;
    let tried = ODD_NAMES.iter().filter(|name| !limits.names.contains(name));
    let mut expected: Vec<String> = Vec::new();
    for &name in tried {
        place.write(name, name.as_bytes()).await;
        assert_eq!(place.read(name, 0, None).await, name.as_bytes(), "{name:?}");
        assert!(place.stat(name).await.is_some(), "no stat of {name:?}");
        expected.push(name.into());
    }
    expected.sort_unstable();
    assert_eq!(place.list("").await, expected);
    for name in &expected {
        let directory = format!("in/{name}");
        place.mkdir(&directory).await;
        place.write(&format!("{directory}/x"), b"x").await;
        assert_eq!(place.list(&directory).await, ["x"], "in {name:?}");
        place.remote().remove(&place.path(&format!("{directory}/x"))).await.unwrap();
        place.remote().rmdir(&place.path(&directory)).await.unwrap();
        place.remote().remove(&place.path(name)).await.unwrap();
    }
    assert_eq!(place.list("").await, ["in"]);
}

/// The names [`odd_names`] tries.
pub const ODD_NAMES: [&str; 19] = [
    " leading",
    "trailing ",
    "two  blanks",
    "-dash",
    "--help",
    "[ab]*",
    "{br}",
    "a?b*c",
    "quote\"s",
    "it's",
    "back\\slash",
    ".hidden",
    "~tilde",
    "$HOME",
    "100%",
    "semi;colon=1",
    "# -> arrow",
    "grün-日本",
    "...",
];

const NO_DIRECTORY: &[ErrorKind] = &[ErrorKind::NotADirectory, ErrorKind::DirectoryNotFound];

/// The directory one check works in.
struct Place {
    tree: Tree,
}

impl Place {
    async fn new(tree: &Tree, name: &str) -> Self {
        let place = Self { tree: Tree::new(tree.remote.clone(), tree.root.child(&name_of(name))) };
        place.mkdir("").await;
        place
    }

    fn remote(&self) -> &dyn Remote {
        &*self.tree.remote
    }

    fn path(&self, below: &str) -> Path {
        let names = below.split('/').filter(|name| !name.is_empty()).map(name_of);
        names.fold(self.tree.root.clone(), |path, name| path.child(&name))
    }

    async fn mkdir(&self, below: &str) {
        self.remote().mkdir(&self.path(below)).await.unwrap();
    }

    /// Returns the sorted names.
    async fn list(&self, below: &str) -> Vec<String> {
        let listing = self.remote().list(&self.path(below)).await.unwrap();
        assert!(listing.is_whole(), "{:?}", listing.doubts);
        let mut names: Vec<_> =
            listing.entries.iter().map(|entry| entry.name.to_string()).collect();
        names.sort_unstable();
        names
    }

    async fn stat(&self, below: &str) -> Option<Entry> {
        self.remote().stat(&self.path(below)).await.unwrap()
    }

    async fn write(&self, below: &str, content: &[u8]) {
        self.write_at(below, content, None).await;
    }

    /// Writes as the engine does: under a temporary name where the remote renames.
    async fn write_at(&self, below: &str, content: &[u8], modified: Option<Timestamp>) {
        let path = self.path(below);
        let renames = self.remote().capability().rename;
        let partial = self.path(&format!("{below}.partial"));
        let written = if renames { &partial } else { &path };
        let mut writer = self.remote().create(written, 0).await.unwrap();
        for piece in content.chunks(100_000) {
            writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        let rename_to = renames.then_some(path);
        let commit = Commit { size: Some(content.len() as u64), modified, rename_to, hash: None };
        let committed = writer.commit(commit).await.unwrap();
        assert!(committed.time_not_set.is_none(), "{:?}", committed.time_not_set);
    }

    async fn open(&self, below: &str) -> Result<Vec<u8>> {
        self.try_read(below, 0, None).await
    }

    async fn read(&self, below: &str, offset: u64, length: Option<u64>) -> Vec<u8> {
        self.try_read(below, offset, length).await.unwrap()
    }

    async fn try_read(&self, below: &str, offset: u64, length: Option<u64>) -> Result<Vec<u8>> {
        let mut reader = self.remote().open(&self.path(below), offset, length).await?;
        let mut content = Vec::new();
        loop {
            let piece = reader.read().await?;
            if piece.is_empty() {
                return Ok(content);
            }
            content.extend_from_slice(&piece);
        }
    }
}

fn name_of(name: &str) -> Name {
    name.parse().expect("a name in the suite is one")
}

#[track_caller]
fn kind_is<T>(result: Result<T>, kinds: &[ErrorKind]) {
    match result {
        Ok(_) => panic!("succeeded where {kinds:?} was due"),
        Err(error) => assert!(kinds.contains(&error.kind()), "{error:?} instead of {kinds:?}"),
    }
}

#[track_caller]
fn all_ok(results: &[Result<()>]) {
    for result in results {
        assert!(result.is_ok(), "{result:?}");
    }
}
