//! Trees of files: one that holds every name that ever hurt, and the comparison of two.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Names that FTP clients stumble over, each once as a file and most once as a directory.
pub const NAMES: &[&str] = &[
    " leading blank",
    "trailing blank ",
    "  two  blanks  ",
    "-dash first",
    "-rf",
    "--help",
    "[brackets]",
    "[a-z]*",
    "{braces,too}",
    "star*and?mark",
    "back\\slash",
    "C:\\windows",
    "quote\"double",
    "\"all quoted\"",
    "quote'single",
    "back`tick",
    "$dollar",
    "~tilde",
    "~root",
    "!bang",
    "#hash",
    "%percent%20",
    "ampersand&semi;colon:",
    "pipe|less<more>",
    "comma, and = equals",
    "plus+at@caret^",
    ".hidden",
    "..two dots",
    "...",
    "dot at end.",
    "name -> arrow",
    "type=file;size=0; x",
    "12-31-99  11:59PM  <DIR>  x",
    "drwxr-xr-x 2 a b 0 Jan  1 2000 x",
    "Größe",
    "Gro\u{308}ße decomposed",
    "日本語",
    "Ελληνικά",
    "עברית",
    "😀 emoji",
    "\u{a0}no-break",
    "zero\u{200b}width",
    "full\u{ff0f}width",
    "ＤＥＬ␡",
    "CamelCase",
    "camelcase",
    "a.partial",
];

/// How many files [`build`] makes.
pub const FILES: usize = 2_000;
/// How many directories [`build`] makes.
pub const DIRECTORIES: usize = 60;

/// Makes [`FILES`] files in [`DIRECTORIES`] directories, one of them empty, below `root`.
///
/// The same tree comes out every time: sizes from nothing to 200 KB, whole-second times from 1990
/// to last year.
pub fn build(root: &Path) {
    let directories = directories(root);
    for directory in &directories {
        fs::create_dir_all(directory).expect("a directory");
    }
    // The last directory stays empty.
    let homes = &directories[..directories.len() - 1];
    for number in 0..FILES {
        let name = match NAMES.get(number) {
            Some(name) => (*name).to_owned(),
            None if number == NAMES.len() => "long name ".repeat(24) + "end",
            None => format!("file {number:04}.bin"),
        };
        let home = if number <= NAMES.len() { root } else { &homes[number % homes.len()] };
        file(&home.join(name), number);
    }
}

fn directories(root: &Path) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> =
        NAMES.iter().map(|name| root.join("directories").join(name)).collect();
    let mut deep = root.join("deep");
    while directories.len() < DIRECTORIES - 2 {
        deep.push(format!("level {}", directories.len()));
        directories.push(deep.clone());
    }
    directories
}

fn file(path: &Path, number: usize) {
    let size = match number % 100 {
        0 => 0,
        1 => 200_000,
        rest => rest * 37,
    };
    fs::write(path, content(size, number)).expect("a file");
    let age = Duration::from_secs(631_152_000 + (number as u64) * 548_713);
    set_modified(path, SystemTime::UNIX_EPOCH + age);
}

/// Returns `size` bytes that look random and are the same for the same `seed`.
pub fn content(size: usize, seed: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Gives a file or directory this modification time.
pub fn set_modified(path: &Path, at: SystemTime) {
    let file = File::open(path).expect("something of ours");
    file.set_modified(at).expect("the disk keeps times");
}

/// What two trees must have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Times {
    /// Names and bytes.
    Ignored,
    /// Names, bytes and the second of each file's time.
    ToTheSecond,
}

/// Returns each difference between two trees as a line; none when they are the same.
pub fn differences(left: &Path, right: &Path, times: Times) -> Vec<String> {
    let (left, mut right) = (snapshot(left), snapshot(right));
    let mut lines = Vec::new();
    for (path, one) in left {
        let path_text = path.display();
        match (one, right.remove(&path)) {
            (_, None) => lines.push(format!("{path_text}: on the left only")),
            (Node::Directory, Some(Node::Directory)) => {}
            (Node::File { bytes, second }, Some(Node::File { bytes: there, second: then })) => {
                if bytes != there {
                    lines.push(format!("{path_text}: other bytes"));
                }
                if times == Times::ToTheSecond && second != then {
                    lines.push(format!("{path_text}: {second} became {then}"));
                }
            }
            _ => lines.push(format!("{path_text}: a file here, a directory there")),
        }
    }
    lines.extend(right.keys().map(|path| format!("{}: on the right only", path.display())));
    lines
}

/// Panics with what differs.
#[track_caller]
pub fn assert_same(left: &Path, right: &Path, times: Times) {
    let lines = differences(left, right, times);
    assert!(lines.is_empty(), "{} differences:\n{}", lines.len(), lines.join("\n"));
}

/// Returns every path below `root`, directories included, sorted.
pub fn paths(root: &Path) -> Vec<String> {
    snapshot(root).into_keys().map(|path| path.display().to_string()).collect()
}

#[derive(Eq, PartialEq)]
enum Node {
    Directory,
    File { bytes: Vec<u8>, second: u64 },
}

fn snapshot(root: &Path) -> BTreeMap<PathBuf, Node> {
    let mut nodes = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(below) = pending.pop() {
        for entry in fs::read_dir(root.join(&below)).expect("a readable directory") {
            let entry = entry.expect("a readable entry");
            let path = below.join(entry.file_name());
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                pending.push(path.clone());
                nodes.insert(path, Node::Directory);
            } else {
                let modified = metadata.modified().expect("a time");
                let age = modified.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
                let bytes = fs::read(entry.path()).expect("a readable file");
                nodes.insert(path, Node::File { bytes, second: age.as_secs() });
            }
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_tree_has_the_size_it_says() {
        let folder = TempDir::new().unwrap();
        build(folder.path());
        let nodes = snapshot(folder.path());
        let directories = nodes.values().filter(|node| **node == Node::Directory).count();
        assert_eq!((directories, nodes.len()), (DIRECTORIES, DIRECTORIES + FILES));
    }

    #[test]
    fn differences_are_seen() {
        let (left, right) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for (folder, text, age) in [(&left, "a", 5), (&right, "b", 6)] {
            fs::write(folder.path().join("f"), text).unwrap();
            set_modified(
                &folder.path().join("f"),
                SystemTime::UNIX_EPOCH + Duration::from_secs(age),
            );
        }
        fs::create_dir(left.path().join("d")).unwrap();
        fs::write(right.path().join("e"), "").unwrap();
        assert_eq!(
            differences(left.path(), right.path(), Times::ToTheSecond),
            ["d: on the left only", "f: other bytes", "f: 5 became 6", "e: on the right only"]
        );
    }
}
