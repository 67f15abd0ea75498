//! The command lines to run and the list of what may differ, read from their files.

use std::collections::{BTreeMap, BTreeSet};

use crate::outcome::Aspect;

/// A line for the shell, in which `rclone` is one program or the other.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) line: String,
    /// Whether lines of output may come in any order, as they do where rclone lists directories in
    /// parallel.
    pub(crate) in_any_order: bool,
    /// Whether the log is compared, too.
    pub(crate) with_log: bool,
}

/// Reads a file of cases: `$` begins a line, `~` one whose output has no order; `!` after it
/// compares the log, too.
///
/// # Panics
/// On a line that is none of this.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let case = |text: &str| {
        let (mark, line) = text.split_once(' ').unwrap_or_else(|| panic!("no case: {text}"));
        let (order, log) = mark.split_at(1);
        assert!(["$", "~"].contains(&order) && ["", "!"].contains(&log), "no case: {text}");
        Case { line: line.into(), in_any_order: order == "~", with_log: log == "!" }
    };
    lines.map(case).collect()
}

/// Reads `tests/differences.md`: a heading, the reason, and the lines it is seen in, each an item
/// of a list with the aspects that differ.
///
/// # Panics
/// When an item has another form.
pub(crate) fn differences() -> BTreeMap<String, BTreeSet<Aspect>> {
    let text = include_str!("../../differences.md");
    let mut differences = BTreeMap::new();
    for item in text.lines().filter(|line| line.starts_with("- `")) {
        let (line, aspects) = item[3..].rsplit_once("`: ").unwrap_or_else(|| panic!("{item}"));
        let aspects = aspects.split(", ").map(Aspect::named).collect();
        let replaced = differences.insert(line.to_owned(), aspects);
        assert!(replaced.is_none(), "listed twice: {line}");
    }
    differences
}
