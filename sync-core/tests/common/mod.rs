//! What the engine's tests share: trees in memory and a listener that writes down what it hears.
#![allow(dead_code, reason = "every test crate uses its part")]

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sync_core::progress::{Deed, Event, Progress};
use sync_core::remote::fault::Fault;
use sync_core::remote::limit::{Limits, Rates};
use sync_core::remote::memory::Memory;
use sync_core::remote::record::Record;
use sync_core::remote::watch::Watched;
use sync_core::{Context, Path, Tree};

/// A store in memory that counts its calls and fails on request.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) memory: Memory,
    pub(crate) calls: Arc<Watched<Record>>,
    pub(crate) faults: Arc<Watched<Fault>>,
}

impl Store {
    pub(crate) fn new(memory: Memory) -> Self {
        let calls = Arc::new(Watched::new(Arc::new(memory.clone()), Record::default()));
        let faults = Arc::new(Watched::new(calls.clone(), Fault::default()));
        memory.set_clock(time(900));
        Self { memory, calls, faults }
    }

    /// Returns a store with these files, each of `path=content`, all of one time.
    pub(crate) fn with(memory: Memory, files: &[&str]) -> Self {
        let store = Self::new(memory);
        store.put(files);
        store
    }

    pub(crate) fn put(&self, files: &[&str]) {
        for file in files {
            let (path, content) = file.split_once('=').expect("path=content");
            self.memory.put(path, content.as_bytes().to_vec(), time(100));
        }
    }

    pub(crate) fn tree(&self) -> Tree {
        self.tree_at("")
    }

    pub(crate) fn tree_at(&self, root: &str) -> Tree {
        Tree::new(self.faults.clone(), path(root))
    }

    /// Returns the files as `path=content`.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = self.memory.files().into_iter();
        files.map(|(path, content)| format!("{path}={}", content.escape_ascii())).collect()
    }
}

/// Writes down what it hears, as `what path: why`.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    /// Returns what was heard that begins with `word`, sorted.
    pub(crate) fn heard(&self, word: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let mut lines: Vec<_> =
            lines.iter().filter(|line| line.starts_with(word)).cloned().collect();
        lines.sort_unstable();
        lines
    }
}

impl Progress for Recorder {
    fn event(&self, event: Event<'_>) {
        let line = match event {
            Event::Done { deed, path, cause, reason, .. } => {
                if matches!(deed, Deed::CopiedOver) {
                    self.0.lock().unwrap().push(format!("cause {path}: {cause:?}"));
                }
                format!("done {deed:?} {path}: {reason}")
            }
            Event::Skipped { deed, path, reason, .. } => {
                format!("skipped {deed:?} {path}: {reason}")
            }
            Event::Left { path, same } => format!("left {path}: {same}"),
            Event::Extra { path } => format!("extra {path}"),
            Event::Failed { path, error } => format!("failed {path}: {:?}", error.kind()),
            Event::Notice { path, message } => {
                format!("notice {}: {message}", path.cloned().unwrap_or_default())
            }
            Event::Remark { path, message } => format!("remark {path}: {message}"),
            Event::Retrying { path, attempt, .. } => format!("retrying {path}: {attempt}"),
            Event::TransferFinished { path, done, .. } => format!("finished {path}: {done}"),
            Event::Transferred { bytes, .. } => format!("transferred {bytes}"),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

/// Returns the same tree on a disk that is read at so many bytes a second.
pub(crate) fn slowly(tree: Tree, rate: u64) -> Tree {
    let limits = Limits::new(None);
    limits.set(Rates { upload: Some(rate), download: Some(rate) });
    Tree { remote: Arc::new(Watched::new(tree.remote, limits.of_disk())), ..tree }
}

pub(crate) fn context() -> (Context, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    (Context { progress: recorder.clone(), ..Context::default() }, recorder)
}

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000_000 + second).unwrap()
}

#[track_caller]
pub(crate) fn path(text: &str) -> Path {
    text.parse().unwrap()
}
