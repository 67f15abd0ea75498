//! What a run came to, without what no two runs have in common.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

use regex::Regex;
use tests::Output;

use crate::case::Case;

/// What ours adds to the log of every transfer: the actions and their reasons, counted.
const SUMMARY: &str = "INFO  : Summary: ";

/// What can differ between two runs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Aspect {
    /// Standard output.
    Output,
    /// Standard error.
    Log,
    /// How it ended.
    ExitCode,
    /// The files on the server, on this machine, and the configuration.
    Files,
}

impl Aspect {
    pub(crate) const ALL: [Self; 4] = [Self::Output, Self::Log, Self::ExitCode, Self::Files];

    /// Returns the aspect of this name.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|aspect| aspect.to_string() == name);
        found.unwrap_or_else(|| panic!("nothing is called `{name}`"))
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output => "output",
            Self::Log => "log",
            Self::ExitCode => "exit code",
            Self::Files => "files",
        })
    }
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) output: Output,
    pub(crate) files: Vec<String>,
}

impl Outcome {
    /// Returns the lines of one aspect.
    pub(crate) fn of(&self, aspect: Aspect, case: &Case) -> Vec<String> {
        match aspect {
            Aspect::Output => {
                let mut lines: Vec<String> =
                    self.output.stdout.split('\n').map(without_chance).collect();
                if case.in_any_order {
                    lines
                        .iter_mut()
                        .for_each(|line| line.truncate(line.trim_end_matches(',').len()));
                    lines.sort();
                }
                lines
            }
            Aspect::Log if case.with_log => {
                let lines = self.output.stderr.lines().map(without_chance);
                let mut lines: Vec<String> =
                    lines.filter(|line| !line.is_empty() && !line.starts_with(SUMMARY)).collect();
                lines.sort();
                lines
            }
            Aspect::Log => Vec::new(),
            Aspect::ExitCode => vec![format!("{:?}", self.output.code)],
            Aspect::Files => self.files.clone(),
        }
    }
}

/// Takes out what depends on the clock and on chance: when a line was logged, times after those of
/// the files made for the cases, how long it took and at what rate, the random part of an obscured
/// password and of a partial file's name.
fn without_chance(line: &str) -> String {
    static PATTERNS: LazyLock<[(Regex, &str); 8]> = LazyLock::new(|| {
        [
            (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?<level>[A-Z]+ *: |-|\s)", "$level"),
            (r"20(2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "NOW"),
            (r"[\d.]+ ([KMG]?i?B|[kMG]?bit)/s", "RATE"),
            (r"ETA \S+", "ETA"),
            (r"Elapsed time: .*", "Elapsed time:"),
            (r"\.[0-9a-f]{8}\.partial", ".HASH.partial"),
            (r"(?<key>pass\S* ?=) ?[\w-]{22,}", "$key OBSCURED"),
            (r#"(?<key>"pass": )"[\w-]{22,}""#, "$key OBSCURED"),
        ]
        .map(|(pattern, by)| (Regex::new(pattern).expect("a pattern"), by))
    });
    let one =
        |line: String, (pattern, by): &(Regex, &str)| pattern.replace_all(&line, *by).into_owned();
    PATTERNS.iter().fold(line.to_owned(), one).trim_end().to_owned()
}

/// Returns a line for everything below `root`. Times from `now` on are all the same, and those of
/// directories are left out: whatever is made in one changes it.
pub(crate) fn snapshot(root: &Path, title: &str, now: u64) -> Vec<String> {
    let mut nodes = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(below) = pending.pop() {
        for entry in fs::read_dir(root.join(&below)).expect("a readable directory").flatten() {
            let path = below.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                pending.push(path.clone());
            }
            let line = describe(&entry.path(), now);
            nodes.insert(path, line);
        }
    }
    nodes.iter().map(|(path, line)| format!("{title}/{} {line}", path.display())).collect()
}

fn describe(path: &Path, now: u64) -> String {
    let metadata = fs::symlink_metadata(path).expect("metadata");
    let mode = metadata.permissions().mode() & 0o777;
    let modified = metadata.modified().expect("a time").duration_since(UNIX_EPOCH);
    let second = modified.expect("after 1970").as_secs();
    let time = if second >= now { "now".into() } else { second.to_string() };
    if metadata.is_symlink() {
        return format!("-> {}", fs::read_link(path).expect("a link").display());
    }
    if metadata.is_dir() {
        return format!("{mode:o} directory");
    }
    let bytes = fs::read(path).expect("a readable file");
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.split('\n').map(without_chance).collect();
    let shown = lines.join("\\n");
    let short: String = shown.chars().take(if shown.contains('[') { 400 } else { 40 }).collect();
    format!("{mode:o} {time} {} bytes {short:?} #{:x}", metadata.size(), sum(shown.as_bytes()))
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(5381, |sum: u64, byte| sum.wrapping_mul(33) ^ u64::from(*byte))
}

/// Shows two lists of lines as what only one of them has.
pub(crate) fn diff(theirs: &[String], ours: &[String]) -> String {
    let missing = |from: &[String], other: &[String], mark: char| {
        let mut rest = other.to_vec();
        let mut text = String::new();
        for line in from {
            match rest.iter().position(|other| other == line) {
                Some(at) => drop(rest.swap_remove(at)),
                None => text.push_str(&format!("    {mark} {line}\n")),
            }
        }
        text
    };
    let text = missing(theirs, ours, '<') + &missing(ours, theirs, '>');
    if text.is_empty() { "    another order\n".into() } else { text }
}
