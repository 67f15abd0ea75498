//! What the tools are asked to do, and whether they did it.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tests::servers::own;
use tests::tree::{self, Times};
use tests::{Security, Software};

/// Where the server is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Behind a long line.
    Line,
    /// On this machine.
    Loopback,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Work {
    /// Copy a tree up over the same tree.
    Again,
    /// Copy a tree from the server.
    Download,
    /// Print the names of a tree.
    List,
    /// Remove a tree and all in it.
    Remove,
    /// Copy a tree to the server, times included.
    Upload,
}

/// What the tree is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) files: usize,
    size: usize,
    directories: usize,
}

const SMALL: Shape = Shape { files: 500, size: 4096, directories: 50 };
const MANY: Shape = Shape { files: 5000, size: 4096, directories: 50 };
const BIG: Shape = Shape { files: 1, size: 1 << 30, directories: 1 };

/// One piece of work on one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    place: Place,
    software: Software,
    security: Security,
    pub(crate) work: Work,
    pub(crate) shape: Shape,
    /// How many connections each tool is given.
    pub(crate) connections: usize,
}

/// Returns every case, those of one server together.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let servers = [Software::Vsftpd, Software::Proftpd, Software::PureFtpd];
    for software in servers {
        for security in [Security::Plain, Security::Tls] {
            for work in [Work::Upload, Work::Again, Work::List, Work::Download, Work::Remove] {
                let place = Place::Line;
                cases.push(Case { place, software, security, work, shape: SMALL, connections: 4 });
            }
        }
    }
    for software in servers {
        for security in [Security::Plain, Security::Tls] {
            for (shape, connections) in [(MANY, 8), (BIG, 1)] {
                for work in [Work::Upload, Work::Download] {
                    let place = Place::Loopback;
                    cases.push(Case { place, software, security, work, shape, connections });
                }
            }
        }
    }
    cases
}

impl Case {
    /// Returns the server this is about.
    pub(crate) fn server(&self) -> (Place, Software, Security) {
        (self.place, self.software, self.security)
    }

    /// Returns how many things the work is about.
    pub(crate) fn items(&self) -> usize {
        match self.work {
            Work::List => self.shape.directories + 1,
            Work::Remove => self.shape.files + self.shape.directories + 1,
            Work::Again | Work::Download | Work::Upload => self.shape.files,
        }
    }

    /// Makes the trees as they are before the work.
    pub(crate) fn prepare(&self, folder: &Path, root: &Path) -> Trees {
        let (local, original, remote) =
            (folder.join("local"), folder.join("original"), root.join("tree"));
        let _ = fs::remove_dir_all(&remote);
        let near = match self.work {
            Work::Again | Work::Upload => &local,
            Work::Download | Work::List | Work::Remove => &original,
        };
        self.shape.build(near);
        if self.work != Work::Upload {
            self.shape.build(&remote);
            give_away(&remote);
        }
        Trees { original: near.clone(), local, remote }
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { files, size, .. } = self.shape;
        let size =
            if size >= 1 << 20 { format!("{}M", size >> 20) } else { format!("{}K", size >> 10) };
        let text = format!(
            "{:?}/{:?}/{:?}/{:?}-{files}x{size}",
            self.place, self.software, self.security, self.work
        );
        f.pad(&text.to_lowercase())
    }
}

impl Shape {
    /// Makes the tree, the same one every time.
    fn build(&self, root: &Path) {
        for number in 0..self.directories {
            fs::create_dir_all(self.directory(root, number)).expect("a directory");
        }
        for number in 0..self.files {
            let path =
                self.directory(root, number % self.directories).join(format!("file {number:04}"));
            fs::write(&path, tree::content(self.size, number)).expect("a file");
            let age = Duration::from_secs(1_500_000_000 + number as u64 * 10_007);
            tree::set_modified(&path, SystemTime::UNIX_EPOCH + age);
        }
    }

    fn directory(&self, root: &Path, number: usize) -> PathBuf {
        root.join(format!("directory {number:02}"))
    }
}

fn give_away(path: &Path) {
    own(path);
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a directory of ours") {
            give_away(&entry.expect("an entry").path());
        }
    }
}

/// The folders a piece of work is about.
pub(crate) struct Trees {
    /// What the tree has to be.
    original: PathBuf,
    /// The tool's side.
    pub(crate) local: PathBuf,
    /// The server's side.
    remote: PathBuf,
}

impl Trees {
    /// Returns whether the times came along too, or why the work is not done.
    pub(crate) fn check(&self, case: &Case, printed: &str) -> Result<bool, String> {
        match case.work {
            Work::List => {
                let names = printed.lines().filter(|line| line.contains("file ")).count();
                let all = names == case.shape.files;
                all.then_some(true).ok_or_else(|| format!("printed {names} names"))
            }
            Work::Remove if self.remote.exists() => Err("not all is gone".into()),
            Work::Remove => Ok(true),
            Work::Download => same(&self.original, &self.local),
            Work::Again | Work::Upload => same(&self.original, &self.remote),
        }
    }
}

fn same(original: &Path, copy: &Path) -> Result<bool, String> {
    if !copy.is_dir() {
        return Err("no tree".into());
    }
    let mut lines = tree::differences(original, copy, Times::ToTheSecond);
    let all = lines.len();
    lines.retain(|line| !line.contains(" became "));
    match lines.first() {
        None => Ok(all == 0),
        Some(line) => Err(format!("{} differences: {line}", lines.len())),
    }
}
