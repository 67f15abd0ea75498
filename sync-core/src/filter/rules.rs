//! Rules in order: which globs let a path in or leave it out, for files and for directories.

use std::collections::HashSet;

use regex::bytes::{Regex, RegexBuilder};

use super::glob;
use crate::error::{Error, ErrorKind, Result};
use crate::path::Path;

/// What a rule says of what it matches.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Verdict {
    Exclude,
    Include,
}

impl Verdict {
    fn sign(self) -> char {
        match self {
            Self::Exclude => '-',
            Self::Include => '+',
        }
    }
}

/// The rules for files and those for directories.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    files: Vec<Rule>,
    /// Match against the path with a `/` behind it.
    directories: Vec<Rule>,
}

impl Rules {
    pub(super) fn include_file(&self, path: &Path) -> bool {
        decide(&self.files, path.as_bytes())
    }

    pub(super) fn include_directory(&self, path: &Path) -> bool {
        self.directories.is_empty() || decide(&self.directories, &[path.as_bytes(), b"/"].concat())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty()
    }
}

fn decide(rules: &[Rule], path: &[u8]) -> bool {
    rules
        .iter()
        .find(|rule| rule.regex.is_match(path))
        .is_none_or(|rule| rule.verdict == Verdict::Include)
}

#[derive(Clone, Debug)]
struct Rule {
    verdict: Verdict,
    regex: Regex,
}

/// Collects [`Rules`].
#[derive(Clone, Debug, Default)]
pub(super) struct Builder {
    rules: Rules,
    /// What stands in `rules.directories`: a thousand includes in one directory need it once.
    seen: HashSet<(Verdict, String)>,
    ignore_case: bool,
}

impl Builder {
    pub(super) fn ignore_case(&mut self, ignore_case: bool) {
        self.ignore_case = ignore_case;
    }

    /// Adds a rule.
    ///
    /// A glob that ends in `/` is about directories; leaving one out leaves out all below it. A
    /// glob with `**` is about both. Letting files in, or leaving all of them out, says something
    /// about the directories they can be in.
    pub(super) fn add(&mut self, verdict: Verdict, glob: &str) -> Result<()> {
        let named = |problem: &dyn std::fmt::Display| {
            let sign = verdict.sign();
            Error::new(ErrorKind::Usage, format!("bad filter rule `{sign} {glob}`: {problem}"))
        };
        let about_directories = glob.ends_with('/');
        let whole = match verdict {
            Verdict::Exclude if about_directories => format!("{glob}**"),
            _ => glob.to_owned(),
        };
        let deep = whole.contains("**");
        let pattern = glob::pattern(&whole).map_err(|error| named(&error))?;
        let regex = self.compile(&pattern).map_err(|error| named(&error))?;
        if deep || !about_directories {
            self.rules.files.push(Rule { verdict, regex });
            if verdict == Verdict::Include || whole == "*" {
                for parent in glob::directories(&whole) {
                    let pattern = glob::pattern(&parent).map_err(|error| named(&error))?;
                    self.add_directory(verdict, &pattern).map_err(|error| named(&error))?;
                }
            }
        }
        if deep || about_directories {
            self.add_directory(verdict, &pattern).map_err(|error| named(&error))?;
        }
        Ok(())
    }

    fn add_directory(&mut self, verdict: Verdict, pattern: &str) -> Result<(), regex::Error> {
        if self.seen.insert((verdict, pattern.to_owned())) {
            let regex = self.compile(pattern)?;
            self.rules.directories.push(Rule { verdict, regex });
        }
        Ok(())
    }

    fn compile(&self, pattern: &str) -> Result<Regex, regex::Error> {
        RegexBuilder::new(pattern)
            .case_insensitive(self.ignore_case)
            .dot_matches_new_line(true)
            .build()
    }

    pub(super) fn clear(&mut self) {
        self.rules = Rules::default();
        self.seen.clear();
    }

    pub(super) fn build(self) -> Rules {
        self.rules
    }
}
