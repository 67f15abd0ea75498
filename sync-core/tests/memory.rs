//! What a sync of very many files may need: a process of its own, measured by the system.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::ops::{Mode, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::{Reader, Writer};
use sync_core::{Capability, Context, Entry, Error, ErrorKind, Kind, Listing, Modified};
use sync_core::{Name, Path, Remote, Result, Tree};

/// A tree that exists only as it is listed: directories full of files, all of one size and time.
#[derive(Debug)]
struct Endless {
    directories: usize,
    files: usize,
}

impl Endless {
    fn entries(count: usize, start: char, kind: &Kind) -> Vec<Entry> {
        let second = std::time::Duration::from_secs(1);
        let modified = Modified { at: Timestamp::UNIX_EPOCH, precision: second };
        let entry = |number| Entry {
            kind: kind.clone(),
            size: Some(1),
            modified: Some(modified),
            ..Entry::directory(Name::new(format!("{start}{number:07}").into_bytes()).unwrap())
        };
        (0..count).map(entry).collect()
    }
}

#[async_trait]
impl Remote for Endless {
    fn capability(&self) -> Capability {
        Memory::server().capability()
    }

    fn label(&self) -> String {
        "endless".into()
    }

    async fn list(&self, directory: &Path) -> Result<Listing> {
        let entries = if directory.is_root() && self.directories > 0 {
            Self::entries(self.directories, 'd', &Kind::Directory)
        } else {
            Self::entries(self.files, 'f', &Kind::File)
        };
        Ok(Listing { entries, doubts: Vec::new() })
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        Err(unexpected(path))
    }

    async fn open(&self, path: &Path, _: u64, _: Option<u64>) -> Result<Box<dyn Reader>> {
        Err(unexpected(path))
    }

    async fn create(&self, path: &Path, _: u64) -> Result<Box<dyn Writer>> {
        Err(unexpected(path))
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        Err(unexpected(directory))
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        Err(unexpected(directory))
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        Err(unexpected(path))
    }

    async fn rename(&self, from: &Path, _: &Path) -> Result<()> {
        Err(unexpected(from))
    }

    async fn set_modified(&self, path: &Path, _: Timestamp) -> Result<()> {
        Err(unexpected(path))
    }
}

fn unexpected(path: &Path) -> Error {
    Error::new(ErrorKind::Other, "nothing but listings is expected").on(path)
}

/// Syncs two such trees, which are the same, and returns the most memory ever used, in MiB.
fn most_memory_after(directories: usize, files: usize) -> u64 {
    let tree = || Tree::new(Arc::new(Endless { directories, files }), Path::root());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(sync(&Context::default(), &tree(), &tree(), Mode::Sync)).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

// One test, since what is measured is of the whole process, and never falls.
#[test]
fn memory_grows_with_the_widest_directory_not_with_the_tree() {
    let few = most_memory_after(1_000, 100);
    let many = most_memory_after(10_000, 100);
    assert!(many < 150, "a million files in 10,000 directories take {many} MiB");
    assert!(many - few < 30, "ten times as many directories take {few} to {many} MiB");
    let wide = most_memory_after(0, 1_000_000);
    assert!(wide < 600, "a million files in one directory take {wide} MiB");
}
