//! Runs the binary on local trees, as a user or a script would. Expected output is rclone's.

mod check;
mod config;
mod content;
mod copy;
mod copyurl;
mod line;
mod listing;
mod log;
mod remove;
#[cfg(unix)]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// A directory of its own for one test.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Returns a place with these files; a path that ends in `/` is an empty directory.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        for (path, content) in files {
            place.write(path, content);
        }
        place
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// Writes a file and gives it the time 2020-01-02 03:04:05.123456789 UTC.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return std::fs::create_dir_all(path).expect("a directory");
        }
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, content).expect("a file");
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_577_934_245, 123_456_789);
        let file = std::fs::File::options().write(true).open(&path).expect("the file");
        file.set_modified(time).expect("its time");
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    /// Returns the paths of all files and directories, these with a `/` behind them.
    pub(crate) fn all(&self, below: &str) -> Vec<String> {
        let root = self.path(below);
        let mut all = Vec::new();
        collect(&root, &root, &mut all);
        all.sort();
        all
    }

    /// Runs the binary in this place with nothing configured.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    #[track_caller]
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = Command::cargo_bin("rclone").expect("the binary");
        command.current_dir(self.0.path()).env_clear().env("TZ", "UTC").env("RCLONE_CONFIG", "");
        Run(command.args(arguments).write_stdin(input).output().expect("a run"))
    }
}

fn collect(root: &Path, directory: &Path, all: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let below = path.strip_prefix(root).expect("below the root").display().to_string();
        if path.is_dir() {
            all.push(below + "/");
            collect(root, &path, all);
        } else {
            all.push(below);
        }
    }
}

/// What came of a run.
pub(crate) struct Run(Output);

impl Run {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(expected), "{}", self.log());
        self
    }

    /// Checks that it succeeded, and returns what it printed.
    #[track_caller]
    pub(crate) fn printed(self) -> String {
        self.code(0).output()
    }

    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Returns the log as written.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Returns the lines of the log without their times, sorted: transfers end in any order.
    pub(crate) fn lines(&self) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.starts_with("20"));
        let mut lines: Vec<_> = lines.map(|line| line[20..].to_owned()).collect();
        lines.sort();
        lines
    }
}
